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
    /// What every answer is; an answer that was cut by ``maximumNewTokens`` is only the beginning of one.
    public var format: AnswerFormat?
    /// Whether the values of equations are calculated instead of generated; see `Calculator`.
    public var usesCalculator: Bool
    /// Whether the result has ``GenerationResult/pickedLogProbs``.
    public var wantsPickedLogProbs = false

    public init(
        prompt: [Int32], maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = [],
        format: AnswerFormat? = nil, usesCalculator: Bool = false
    ) {
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
    /// The model wrote its end token, or a stop text came up.
    case stop
    /// The limit of new tokens or the end of the model's context was reached: of an answer in a format, this may be
    /// only the beginning.
    case length
    /// The model's logits were no numbers: its weights are broken, or its sums ran over on this prompt.
    case error
}

/// What the model wrote after one prompt.
public struct GenerationResult: Sendable, Equatable {
    /// All generated tokens, with the end token if it was written.
    public var tokens: [Int32] = []
    /// The natural logarithm of each token's probability under the model itself: at temperature 1 and before top-k
    /// and top-p, so that it does not depend on how the token was picked. 0 for what the calculator wrote.
    public var logProbs: [Float] = []
    /// … and under the distribution that it was drawn from: after masks, bias, penalties, temperature, min-p, top-k and
    /// top-p; of a token that was not drawn but the likeliest, at temperature 1. Empty unless asked for.
    public var pickedLogProbs: [Float] = []
    /// The tokens as text, without the end token and cut before a stop text.
    public var text = ""
    public var finishReason = FinishReason.length

    /// Nothing written, as if there had been no room.
    public static let nothing = GenerationResult()
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
    /// Bytes that keys and values of all rows may take at their longest.
    public var cacheByteCount = 512 << 20
    /// Tokens (with padding) of prompts that are taken in at once.
    public var prefillTokenCount = 8192

    public init() {}
}
