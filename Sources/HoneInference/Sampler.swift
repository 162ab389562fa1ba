internal import HoneTensor

/// Picks the next token of every row at once.
///
/// Shape legend: B rows, V vocabulary.
struct Sampler {
    /// 0 where the row is greedy.
    private let temperatures_B: Tensor
    private let truncation: Truncation?
    private let seeds: [UInt64]
    private let device: Device

    /// Of rows that are drawn from their likeliest tokens alone, where there are any.
    private struct Truncation {
        let isTruncated_B: Tensor
        let topK_B1: Tensor
        let topP_B1: Tensor
    }

    init(_ parameters: [SamplingParameters], device: Device) {
        self.device = device
        func column<Value: TensorElement>(_ values: [Value]) -> Tensor {
            Tensor(values, shape: [values.count, 1], device: device)
        }
        temperatures_B = Tensor(parameters.map { Float($0.temperature) }, device: device)
        truncation =
            parameters.contains(where: \.isTruncated)
            ? Truncation(
                isTruncated_B: Tensor(parameters.map(\.isTruncated), device: device),
                topK_B1: column(parameters.map { $0.topK > 0 ? $0.topK : Int(Int32.max) }),
                topP_B1: column(parameters.map { $0.topP < 1 ? Float($0.topP) : 2 })) : nil
        seeds = parameters.map(\.seed)
    }

    /// The next token of every row as `.int64`, and its log-probability under the unaltered distribution.
    ///
    /// `ordinals` says how many tokens each row has generated before this one.
    func pick(_ logits_BV: Tensor, ordinals: [Int]) -> (tokens_B: Tensor, logProbs_B: Tensor) {
        let shares_B = Tensor(zip(seeds, ordinals).map { Self.uniform(seed: $0, ordinal: $1) }, device: device)
        let drawn = logits_BV.drawn(at: shares_B, temperatures_B: temperatures_B)
        guard let truncation else { return drawn }
        let tokens_B = Tensor.where(
            truncation.isTruncated_B, draw(logits_BV, at: shares_B, truncation), drawn.tokens_B)
        return (tokens_B, logits_BV.likelihoods(of: tokens_B).logProbs)
    }

    /// One draw of every row from its likeliest tokens, by rising rank.
    private func draw(_ logits_BV: Tensor, at shares_B: Tensor, _ truncation: Truncation) -> Tensor {
        let isGreedy_B = temperatures_B .== 0.0
        let scaled_BV = logits_BV / temperatures_B.maskedFill(isGreedy_B, 1.0).unsqueeze(1)
        let (sorted_BV, tokens_BV) = scaled_BV.sort(dim: -1, descending: true)
        let probabilities_BV = sorted_BV.softmax(dim: -1)
        let before_BV = probabilities_BV.cumsum(dim: -1) - probabilities_BV
        let ranks_V = Tensor.arange(logits_BV.size(-1), device: device)
        let kept_BV = (ranks_V .< truncation.topK_B1) .& (before_BV .< truncation.topP_B1)
        let position_B = probabilities_BV.maskedFill(.!kept_BV, 0.0).positions(reaching: shares_B)
        return tokens_BV.gather(1, index: position_B.unsqueeze(1)).squeeze(1)
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
