/// How the next token is picked from the model's distribution.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the likeliest token; otherwise the logits are divided by it.
    public var temperature = 0.0
    /// Only the so many likeliest tokens are drawn from; 0 means all.
    public var topK = 0
    /// Only the likeliest tokens that together first reach this share are drawn from; 1 means all.
    public var topP = 1.0
    /// Only tokens that reach this share of the likeliest one's probability are drawn from; 0 means all.
    public var minP = 0.0
    /// Taken from the logits of tokens that the answer has already …
    public var presencePenalty = 0.0
    /// … and as often as it has them.
    public var frequencyPenalty = 0.0
    /// What their logits are divided by where they are above 0, and multiplied with below, before penalties are taken
    /// (Keskar et al. 2019, arXiv:1909.05858, section 4.1); 1 changes nothing.
    public var repetitionPenalty = 1.0
    /// Added to the logits of single tokens.
    public var logitBias: [Int32: Float] = [:]
    /// The draw of a request depends on this seed and the number of the token alone, never on its neighbours.
    public var seed: UInt64 = 0

    public init(temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0, seed: UInt64 = 0) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.seed = seed
    }

    /// The likeliest token each time.
    public static let greedy = SamplingParameters()
}
