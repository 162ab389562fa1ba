internal import HoneTensor

/// Picks the next token of every row at once.
///
/// Shape legend: B rows, V vocabulary.
struct Sampler {
    private let isGreedy: Bool
    private let hasGreedy: Bool
    private let isTruncated: Bool
    /// 1 where the row is greedy, whose draw is thrown away.
    private let temperature_B1: Tensor
    private let topK_B1: Tensor
    private let topP_B1: Tensor
    private let isGreedy_B: Tensor
    private let seeds: [UInt64]
    private let device: Device

    init(_ parameters: [SamplingParameters], device: Device) {
        self.device = device
        isGreedy = parameters.allSatisfy(\.isGreedy)
        hasGreedy = parameters.contains(where: \.isGreedy)
        isTruncated = parameters.contains(where: \.isTruncated)
        func column<Value: TensorElement>(_ values: [Value]) -> Tensor {
            Tensor(values, shape: [values.count, 1], device: device)
        }
        temperature_B1 = column(parameters.map { $0.isGreedy ? 1 : Float($0.temperature) })
        topK_B1 = column(parameters.map { $0.topK > 0 ? $0.topK : Int(Int32.max) })
        topP_B1 = column(parameters.map { $0.topP < 1 ? Float($0.topP) : 2 })
        isGreedy_B = Tensor(parameters.map(\.isGreedy), device: device)
        seeds = parameters.map(\.seed)
    }

    /// The next token of every row as `.int64`, and its log-probability under the unaltered distribution.
    ///
    /// `ordinals` says how many tokens each row has generated before this one.
    func pick(_ logits_BV: Tensor, ordinals: [Int]) -> (tokens_B: Tensor, logProbs_B: Tensor) {
        let tokens_B =
            switch (isGreedy, hasGreedy) {
            case (true, _): logits_BV.argmax(dim: -1)
            case (false, false): draw(logits_BV, ordinals)
            case (false, true): Tensor.where(isGreedy_B, logits_BV.argmax(dim: -1), draw(logits_BV, ordinals))
            }
        let logits_B = logits_BV.gather(1, index: tokens_B.unsqueeze(1)).squeeze(1)
        return (tokens_B, logits_B - logits_BV.logSumExp(dim: -1))
    }

    /// One draw by inverting the cumulative distribution with the row's own uniform number.
    private func draw(_ logits_BV: Tensor, _ ordinals: [Int]) -> Tensor {
        let scaled_BV = logits_BV / temperature_B1
        guard isTruncated else {
            return invert(scaled_BV.softmax(dim: -1), ordinals).squeeze(1)
        }
        let (sorted_BV, tokens_BV) = scaled_BV.sort(dim: -1, descending: true)
        let probabilities_BV = sorted_BV.softmax(dim: -1)
        let before_BV = probabilities_BV.cumsum(dim: -1) - probabilities_BV
        let ranks_V = Tensor.arange(logits_BV.size(-1), device: device)
        let kept_BV = (ranks_V .< topK_B1) .& (before_BV .< topP_B1)
        let position_B1 = invert(probabilities_BV.maskedFill(.!kept_BV, 0.0), ordinals)
        return tokens_BV.gather(1, index: position_B1).squeeze(1)
    }

    /// The first position where the cumulative sum reaches u · total. With u in (0, 1] that is always a position of
    /// positive weight.
    private func invert(_ weights_BV: Tensor, _ ordinals: [Int]) -> Tensor {
        let cumulative_BV = weights_BV.cumsum(dim: -1)
        let total_B1 = cumulative_BV.narrow(-1, start: weights_BV.size(-1) - 1, length: 1)
        let uniform = zip(seeds, ordinals).map { Self.uniform(seed: $0, ordinal: $1) }
        let target_B1 = Tensor(uniform, shape: [uniform.count, 1], device: device) * total_B1
        return (cumulative_BV .< target_B1).sum(dim: -1, keepDim: true)
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
