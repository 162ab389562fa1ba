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

    /// What is wrong with a value, as the parameter's name and a reason; nil if nothing is.
    var fault: (name: String, reason: String)? {
        let ranges: [(name: String, value: Double, holds: Bool, wanted: String)] = [
            ("temperature", temperature, temperature >= 0, "be 0 (greedy) or above"),
            ("top_p", topP, topP > 0 && topP <= 1, "lie above 0 and up to 1"),
            ("min_p", minP, minP >= 0 && minP <= 1, "lie between 0 and 1"),
            ("presence_penalty", presencePenalty, true, "be a number"),
            ("frequency_penalty", frequencyPenalty, true, "be a number"),
            ("repetition_penalty", repetitionPenalty, repetitionPenalty > 0, "be above 0"),
        ]
        for range in ranges where !range.holds || !range.value.isFinite {
            return (range.name, "must \(range.wanted), is \(range.value)")
        }
        if topK < 0 { return ("top_k", "must be 0 (all) or above, is \(topK)") }
        let bias = logitBias.filter { !$0.value.isFinite }.min { $0.key < $1.key }
        return bias.map { ("logit_bias", "of token \($0.key) must be a number, is \($0.value)") }
    }
}
