public import HoneGrammar

/// Why a request cannot be answered by this model within its limits.
public enum InferenceError: Error, Equatable, CustomStringConvertible {
    case emptyPrompt(request: Int)
    case promptTooLong(request: Int, tokenCount: Int, contextLength: Int)
    case tokenOutOfVocabulary(request: Int, token: Int32, vocabularySize: Int)
    case parameter(request: Int, name: String, reason: String)
    case format(request: Int, FormatError)
    /// The keys and values of this one request alone pass the engine's limit.
    case cacheTooSmall(request: Int, byteCount: Int, limit: Int)

    public var description: String {
        switch self {
        case .emptyPrompt(let request):
            "request \(request): the prompt has no tokens; give at least one"
        case .promptTooLong(let request, let tokenCount, let contextLength):
            "request \(request): the prompt has \(tokenCount) tokens and the model's context \(contextLength); "
                + "shorten the prompt"
        case .tokenOutOfVocabulary(let request, let token, let vocabularySize):
            "request \(request): token \(token) is not among the model's \(vocabularySize); "
                + "was the prompt encoded with another model's tokenizer?"
        case .parameter(let request, let name, let reason):
            "request \(request): \(name) \(reason)"
        case .format(let request, let fault):
            "request \(request): \(fault)"
        case .cacheTooSmall(let request, let byteCount, let limit):
            "request \(request): its keys and values take up to \(byteCount) bytes and the engine may use \(limit); "
                + "lower the number of new tokens or raise the limit"
        }
    }
}
