public import HoneGrammar

/// One prompt to be continued.
public struct GenerationRequest: Sendable, Equatable {
    /// Tokens of the prompt; at least one.
    public var prompt: [Int32]
    /// At most so many tokens are generated, fewer where the model's context ends.
    public var maximumNewTokens: Int
    public var sampling: SamplingParameters
    /// Generation ends before the first of these texts.
    public var stopTexts: [String]
    /// Whether the text ends with the stop text that ended the generation, instead of before it.
    public var includesStopText = false
    /// What every answer is. Where ``maximumNewTokens`` come to an end, only tokens are picked with which the answer
    /// still becomes whole; where there are too few from the start, what is written is only the beginning of one.
    public var format: AnswerFormat?
    /// Whether the values of equations are calculated instead of generated; see `Calculator`.
    public var usesCalculator: Bool
    /// Whose request it is: keys and values of a prompt's beginning are shared among one tenant's requests alone.
    public var tenant: String

    public init(
        prompt: [Int32], maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = [],
        format: AnswerFormat? = nil, usesCalculator: Bool = false, tenant: String = ""
    ) {
        self.tenant = tenant
        self.prompt = prompt
        self.maximumNewTokens = maximumNewTokens
        self.sampling = sampling
        self.stopTexts = stopTexts
        self.format = format
        self.usesCalculator = usesCalculator
    }
}

/// Why a generation ended, in the words of the OpenAI API.
public enum FinishReason: String, Codable, Sendable {
    /// The model wrote its end token, a stop text came up, or the answer is whole in its format.
    case stop
    /// The limit of new tokens or the end of the model's context was reached; an answer in a format is not whole.
    case length
    /// A server broke the answer off, for example to take in new weights: it is no whole answer.
    case abort
    /// The model's logits were no numbers: its weights are broken, or its sums ran over on this prompt. Or the answer's
    /// format came to take more room than an engine spends on one.
    case error
}

/// What the model wrote after one prompt.
public struct GenerationResult: Sendable, Equatable {
    /// All generated tokens, with the end token if it was written.
    public var tokens: [Int32] = []
    /// The natural logarithm of each token's probability under the model itself: at temperature 1 and before top-k
    /// and top-p, so that it does not depend on how the token was picked. 0 for what the calculator wrote.
    public var logProbs: [Float] = []
    /// The same under the distribution that each token was drawn from: with format, temperature, penalties and limits.
    /// 0 for the likeliest, and for what the calculator wrote.
    public var drawnLogProbs: [Float] = []
    /// Which weights wrote the tokens: so many by one version, then so many by another.
    public var weightSpans: [WeightSpan] = []
    /// The tokens as text, without the end token and cut before a stop text.
    public var text = ""
    public var finishReason = FinishReason.length

    /// Nothing written, as if there had been no room.
    public static let nothing = GenerationResult()

    mutating func count(oneTokenBy weightVersion: Int) {
        if weightSpans.last?.version == weightVersion {
            weightSpans[weightSpans.count - 1].tokenCount += 1
        } else {
            weightSpans.append(WeightSpan(version: weightVersion, tokenCount: 1))
        }
    }
}

/// Tokens of an answer that the same weights wrote.
public struct WeightSpan: Sendable, Equatable {
    public let version: Int
    public var tokenCount: Int

    public init(version: Int, tokenCount: Int) {
        self.version = version
        self.tokenCount = tokenCount
    }
}

/// Where a generation stands, for progress displays.
public struct GenerationProgress: Sendable, Equatable {
    public let requestCount: Int
    public let finishedCount: Int
    public let tokenCount: Int
}

/// Limits of an engine.
public struct GenerationLimits: Sendable, Equatable {
    /// Rows that are decoded together.
    public var batchSize = 64
    /// Bytes that keys and values of all rows may take.
    public var cacheByteCount = 512 << 20
    /// Whether a prompt goes on from the keys and values of an earlier one that begins alike.
    public var sharesPrefixes = true
    /// Tokens of prompts that one step takes in, beside the rows that are decoded.
    public var prefillTokenCount = 512
    /// Where fewer rows are decoded, drafts of their next tokens fill a step up to so many, if the row engine computes;
    /// see `Drafting`. 0 drafts none.
    public var draftedRowCount = 4

    public init() {}
}
