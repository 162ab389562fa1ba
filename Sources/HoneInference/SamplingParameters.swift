/// How the next token is picked from the model's distribution, with the meaning and in the order of vLLM's sampler:
/// format, bias, repetition, frequency and presence penalty, temperature, min-p, top-k, top-p.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the likeliest token, of equals the one of the lowest id; otherwise the logits are divided by it.
    public var temperature = 0.0
    /// Only the so many likeliest tokens are drawn from; 0 means all.
    public var topK = 0
    /// Only the likeliest tokens that together first reach this share are drawn from; 1 means all.
    public var topP = 1.0
    /// Only tokens are drawn from that are at least this times as likely as the likeliest; 0 means all.
    public var minP = 0.0
    /// What a token's logit loses once it has been generated.
    public var presencePenalty = 0.0
    /// What a token's logit loses for each time that it has been generated.
    public var frequencyPenalty = 0.0
    /// Divides the logit of a token of the prompt or the answer where it is above 0, and multiplies it below; 1 changes
    /// nothing (Keskar et al., CTRL, arXiv:1909.05858, section 4.1).
    public var repetitionPenalty = 1.0
    /// What is added to tokens' logits.
    public var logitBias: [Int32: Double] = [:]
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

    /// Whether a token's logit depends on the tokens before it.
    var penalizes: Bool { presencePenalty != 0 || frequencyPenalty != 0 || repetitionPenalty != 1 }

    /// What is wrong with a value, as the parameter's name and a reason; nil if nothing is.
    var fault: (name: String, reason: String)? {
        let ranges: [(name: String, value: Double, holds: Bool, wanted: String)] = [
            ("temperature", temperature, temperature >= 0, "be 0 (greedy) or above"),
            ("top_p", topP, topP > 0 && topP <= 1, "lie above 0 and up to 1"),
            ("min_p", minP, minP >= 0 && minP <= 1, "lie between 0 and 1"),
            ("presence_penalty", presencePenalty, abs(presencePenalty) <= 2, "lie between -2 and 2"),
            ("frequency_penalty", frequencyPenalty, abs(frequencyPenalty) <= 2, "lie between -2 and 2"),
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
