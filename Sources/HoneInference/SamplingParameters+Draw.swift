import HoneTensor

// How a request's draws come about: from its seed and the number of the token alone.
extension SamplingParameters {
    /// The pick of a token after `ordinal` others of the same answer.
    func draw(ordinal: Int, after tokens: [Int32]) -> TokenDraw {
        TokenDraw(
            temperature: Float(temperature), topK: topK, topP: Float(topP), minP: Float(minP),
            uniform: Self.uniform(seed: seed, ordinal: ordinal), adjustments: adjustments(after: tokens))
    }

    /// Changes of logits by what was written so far, token by token.
    private func adjustments(after tokens: [Int32]) -> [TokenDraw.Adjustment] {
        guard !logitBias.isEmpty || hasPenalties else { return [] }
        var found = logitBias.mapValues { TokenDraw.Adjustment(token: 0, amount: $0) }
        if hasPenalties {
            let counts = Dictionary(tokens.map { ($0, 1) }, uniquingKeysWith: +)
            for (token, count) in counts {
                var adjustment = found[token] ?? TokenDraw.Adjustment(token: token)
                adjustment.amount -= Float(presencePenalty + frequencyPenalty * Double(count))
                adjustment.divisor = Float(repetitionPenalty)
                found[token] = adjustment
            }
        }
        return found.sorted { $0.key < $1.key }.map { token, adjustment in
            TokenDraw.Adjustment(token: token, amount: adjustment.amount, divisor: adjustment.divisor)
        }
    }

    private var hasPenalties: Bool { presencePenalty != 0 || frequencyPenalty != 0 || repetitionPenalty != 1 }

    /// A number in (0, 1] that depends on the seed and the ordinal alone (SplitMix64 as a hash, twice).
    static func uniform(seed: UInt64, ordinal: Int) -> Float {
        let bits = mix(mix(seed &+ 0x9E37_79B9_7F4A_7C15) &+ UInt64(ordinal) &* 0xD1B5_4A32_D192_ED03)
        return Float((bits >> 40) + 1) * 0x1p-24
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
