internal import CTorch

/// How one row's next token is picked.
public struct TokenDraw: Sendable {
    /// 0 takes the likeliest token; otherwise logits are divided by it.
    public var temperature: Float
    /// Only so many likeliest tokens are drawn from; 0 is all.
    public var topK: Int
    /// Only the likeliest tokens that together first reach this share are drawn from; 1 is all.
    public var topP: Float
    /// Only tokens that reach this share of the likeliest's probability are drawn from; 0 is all.
    public var minP: Float
    /// In (0, 1]: where the draw falls in the cumulative distribution.
    public var uniform: Float
    /// Changes of single tokens' logits before all else, each token once.
    public var adjustments: [Adjustment]
    /// The tokens that may be picked, a bit for each in words of 64; nil is all.
    public var mask: [UInt64]?

    /// A logit is divided by `divisor` where it is above 0 and multiplied with it below, and `amount` is added.
    public struct Adjustment: Sendable {
        public let token: Int32
        public var amount: Float
        public var divisor: Float

        public init(token: Int32, amount: Float = 0, divisor: Float = 1) {
            self.token = token
            self.amount = amount
            self.divisor = divisor
        }
    }

    public init(
        temperature: Float, topK: Int = 0, topP: Float = 1, minP: Float = 0, uniform: Float,
        adjustments: [Adjustment] = [], mask: [UInt64]? = nil
    ) {
        self.mask = mask
        self.adjustments = adjustments
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.uniform = uniform
    }
}

/// A picked token with its log-probabilities; they are NaN where the row holds what is no number, or its mask allows
/// no token.
public struct TokenPick: Sendable {
    public let token: Int32
    /// Under softmax(logits).
    public let logProb: Float
    /// Under the distribution that it was drawn from; 0 for the likeliest.
    public let drawnLogProb: Float
}

extension Tensor {
    /// Picks a token of every row of logits `[rows, vocabulary]`, float32 on the CPU. A row's pick depends on its own
    /// logits and draw alone. Log-probabilities of the drawn are those among what the mask allows.
    public func pickTokens(_ draws: [TokenDraw]) -> [TokenPick] {
        precondition(draws.count == size(0), "\(draws.count) draws for \(size(0)) rows")
        let adjustments = draws.flatMap(\.adjustments).map {
            ctorch_adjustment(token: $0.token, amount: $0.amount, divisor: $0.divisor)
        }
        let wordCount = (size(1) + 63) / 64
        let raw = draws.map { draw in
            precondition(draw.mask.map { $0.count == wordCount } ?? true, "a mask of another vocabulary")
            return ctorch_draw(
                temperature: draw.temperature, top_p: draw.topP, min_p: draw.minP, top_k: Int32(clamping: draw.topK),
                uniform: draw.uniform, adjustment_count: Int32(draw.adjustments.count), is_masked: draw.mask != nil)
        }
        var masks: [UInt64] = []
        masks.reserveCapacity(wordCount * draws.count { $0.mask != nil })
        for case let mask? in draws.lazy.map(\.mask) { masks += mask }
        var picks = [ctorch_pick](repeating: ctorch_pick(), count: draws.count)
        guard unsafe ctorch_pick_tokens(handle, raw, adjustments, masks, &picks) else {
            stop("pickTokens: \(Torch.lastError)")
        }
        return picks.map { TokenPick(token: $0.token, logProb: $0.log_prob, drawnLogProb: $0.drawn_log_prob) }
    }
}
