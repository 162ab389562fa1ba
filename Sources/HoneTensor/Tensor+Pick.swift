internal import CTorch

/// How one row's token is picked; see ``Tensor/pickTokens(_:adjustments:masks:)``.
public struct TokenChoice: Sendable {
    /// 0 takes the likeliest; of equals, the one of the lowest id.
    public var temperature: Float
    /// In (0, 1]; decides the draw.
    public var uniform: Float
    /// 0 cuts nothing.
    public var topK = 0
    /// 1 cuts nothing.
    public var topP: Float = 1
    /// 0 cuts nothing.
    public var minP: Float = 0
    /// Which of the adjustments are the row's.
    public var adjustments = 0..<0
    /// Which of the masks is the row's; nil where every token may be picked.
    public var mask: Int?

    public init(temperature: Float, uniform: Float) {
        self.temperature = temperature
        self.uniform = uniform
    }
}

/// A change of one token's logit: plus ``bias``; then divided by ``repetition`` where it is above 0, else times it;
/// then less ``penalty``.
public struct LogitAdjustment: Sendable, Equatable {
    public var token: Int32
    public var bias: Float = 0
    public var repetition: Float = 1
    public var penalty: Float = 0

    public init(token: Int32) { self.token = token }
}

/// A row's next token.
public struct TokenPick: Sendable, Equatable {
    public let token: Int32
    /// The logarithm of its probability under the logits as they are; NaN where these are no numbers.
    public let logProb: Float
    /// … and under the distribution that it was drawn from; of the likeliest token, under the mask and the adjusted
    /// logits at temperature 1.
    public let pickedLogProb: Float

    public init(token: Int32, logProb: Float, pickedLogProb: Float) {
        self.token = token
        self.logProb = logProb
        self.pickedLogProb = pickedLogProb
    }
}

extension Tensor {
    /// One token of every row of logits, `[rows, vocabulary]` in `.float32` on the CPU.
    ///
    /// Logits that the row's mask allows are adjusted, divided by the temperature, and cut by min-p, top-k and top-p,
    /// in this order. A row's bits are the same whatever rows are beside it. The masks stand one behind the other, each
    /// a bit for every token, in words of 64.
    public func pickTokens(
        _ choices: [TokenChoice], adjustments: [LogitAdjustment] = [], masks: [UInt64] = []
    ) -> [TokenPick] {
        precondition(dim == 2 && size(0) == choices.count, "\(choices.count) choices for logits of shape \(shape)")
        let wordCount = (size(1) + 63) / 64
        var rows = choices.map { choice in
            precondition(adjustments.indices.contains(choice.adjustments), "adjustments \(choice.adjustments)")
            precondition(((choice.mask ?? -1) + 1) * wordCount <= masks.count, "mask \(choice.mask ?? -1) is missing")
            return ctorch_pick_row(
                temperature: choice.temperature, uniform: choice.uniform, top_p: choice.topP, min_p: choice.minP,
                top_k: Int64(choice.topK), first_adjustment: Int64(choice.adjustments.lowerBound),
                adjustment_count: Int64(choice.adjustments.count), mask: Int64(choice.mask ?? -1), token: 0,
                log_prob: 0, picked_log_prob: 0)
        }
        let changes = adjustments.map {
            ctorch_logit_adjustment(token: $0.token, bias: $0.bias, repetition: $0.repetition, penalty: $0.penalty)
        }
        let isDone = unsafe rows.withUnsafeMutableBufferPointer { rows in
            unsafe changes.withUnsafeBufferPointer { changes in
                unsafe masks.withUnsafeBufferPointer { masks in
                    guard let first = rows.baseAddress else { return true }
                    return unsafe ctorch_pick(handle, first, changes.baseAddress, masks.baseAddress)
                }
            }
        }
        if !isDone { stop("pickTokens: \(Torch.lastError)") }
        return rows.map { TokenPick(token: $0.token, logProb: $0.log_prob, pickedLogProb: $0.picked_log_prob) }
    }
}

extension Range<Int> {
    /// Whether all of a range lies in this one.
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        other.isEmpty || (other.lowerBound >= lowerBound && other.upperBound <= upperBound)
    }
}
