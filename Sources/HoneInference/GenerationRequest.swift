/// How the next token is picked from the model's distribution.
public struct SamplingParameters: Sendable, Equatable {
    /// 0 takes the likeliest token; otherwise the logits are divided by it.
    public var temperature = 0.0
    /// Only the so many likeliest tokens are drawn from; 0 means all.
    public var topK = 0
    /// Only the likeliest tokens that together first reach this share are drawn from; 1 means all.
    public var topP = 1.0
    /// The draw of a request depends on this seed and the number of the token alone, never on its neighbours.
    public var seed: UInt64 = 0

    public init(temperature: Double = 0, topK: Int = 0, topP: Double = 1, seed: UInt64 = 0) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
    }

    /// The likeliest token each time.
    public static let greedy = SamplingParameters()

    var isGreedy: Bool { temperature == 0 }
    var isTruncated: Bool { !isGreedy && (topK > 0 || topP < 1) }
}

/// One prompt to be continued.
public struct GenerationRequest: Sendable, Equatable {
    /// Tokens of the prompt; at least one.
    public var prompt: [Int32]
    /// At most so many tokens are generated, fewer where the model's context ends.
    public var maximumNewTokens: Int
    public var sampling: SamplingParameters
    /// Generation ends before the first of these texts.
    public var stopTexts: [String]
    /// Whether the values of equations are calculated instead of generated; see `Calculator`.
    public var usesCalculator: Bool

    public init(
        prompt: [Int32], maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = [],
        usesCalculator: Bool = false
    ) {
        self.prompt = prompt
        self.maximumNewTokens = maximumNewTokens
        self.sampling = sampling
        self.stopTexts = stopTexts
        self.usesCalculator = usesCalculator
    }
}

/// Why a generation ended, in the words of the OpenAI API.
public enum FinishReason: String, Codable, Sendable {
    /// The model wrote its end token, or a stop text came up.
    case stop
    /// The limit of new tokens or the end of the model's context was reached.
    case length
    /// A server broke the answer off, for example to take in new weights: it is no whole answer.
    case abort
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
