internal import HoneTensor

/// Picks the next token of every row at once, on the host: one kernel reads each row's logits, and gives it the same
/// bits whatever rows are beside it.
///
/// Shape legend: B rows, V vocabulary.
struct Sampler {
    private let parameters: [SamplingParameters]
    private let device: Device

    init(_ parameters: [SamplingParameters], device: Device) {
        self.parameters = parameters
        self.device = device
    }

    /// The next token of every row. `ordinals` says how many tokens each row has generated before this one, `contexts`
    /// what else it depends on; left out, nothing.
    func pick(_ logits_BV: Tensor, ordinals: [Int], contexts: [PickContext] = []) -> PickedTokens {
        var adjustments: [LogitAdjustment] = []
        var masks: [UInt64] = []
        var maskCount = 0
        let choices = parameters.enumerated().map { row, parameters in
            var choice = TokenChoice(
                temperature: Float(parameters.temperature),
                uniform: Self.uniform(seed: parameters.seed, ordinal: ordinals[row]))
            choice.topK = parameters.topK
            choice.topP = Float(parameters.topP)
            choice.minP = Float(parameters.minP)
            guard contexts.indices.contains(row) else { return choice }
            let first = adjustments.count
            adjustments += contexts[row].adjustments
            choice.adjustments = first..<adjustments.count
            if let mask = contexts[row].mask {
                masks += mask
                choice.mask = maskCount
                maskCount += 1
            }
            return choice
        }
        let onHost_BV = logits_BV.to(.float32, device: .cpu)
        return PickedTokens(
            rows: onHost_BV.pickTokens(choices, adjustments: adjustments, masks: masks), device: device)
    }

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

/// One token of every row.
struct PickedTokens {
    let rows: [TokenPick]
    fileprivate let device: Device

    /// The tokens as `.int64`, `[B]`.
    var tokens_B: Tensor { Tensor(rows.map { Int($0.token) }, device: device) }
    /// Their log-probabilities under the unaltered distribution, `[B]`.
    var logProbs_B: Tensor { Tensor(rows.map(\.logProb), device: device) }
}
