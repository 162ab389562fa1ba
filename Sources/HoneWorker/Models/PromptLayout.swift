import HoneConcurrency
import HoneGrammar
import HoneInference
import HoneModel
import HoneTokenizer

/// How a model's prompts are laid out in tokens and its answers read: all that its directory says but the weights.
struct PromptLayout: Sendable {
    let tokenizer: BytePairTokenizer
    let defaults: GenerationDefaults
    /// Tokens of the longest sequence that the model reads.
    let contextLength: Int
    /// Whether the model is a checkpoint of Hone's, which was trained with a layout.
    private let isOwn: Bool
    /// How conversations are laid out; an error for a template that cannot be followed, nil where there is none.
    private let chat: Result<ChatTemplate?, any Error>

    /// Reads a directory in the Hugging Face form; blocks for as long as that takes.
    init(directory: String, configuration: ModelConfiguration, isOwn: Bool) throws {
        defaults = try GenerationDefaults.read(directory: directory)
        tokenizer = try BytePairTokenizer(
            directory: directory, endToken: configuration.eosTokenIDs.first.map(Int32.init) ?? -1)
        contextLength = configuration.maxPositionCount
        chat = Result { try ChatTemplate(directory: directory) }
        self.isOwn = isOwn
    }

    /// Reads a directory whose weights are served elsewhere.
    static func load(directory: String, isOwn: Bool) async throws -> PromptLayout {
        try await offload {
            Result {
                try PromptLayout(
                    directory: directory, configuration: ModelConfiguration.read(directory: directory), isOwn: isOwn)
            }
        }.get()
    }

    /// A prompt, or a conversation in its place, as the model is to see it.
    ///
    /// - Throws: `TemplateError` where the model's chat template does not take the conversation.
    func request(
        _ messages: [ChatMessage]? = nil, else prompt: String, maximumNewTokens: Int,
        sampling: SamplingParameters = .greedy, stopTexts: [String] = [], format: AnswerFormat? = nil
    ) throws -> GenerationRequest {
        let laidOut = try messages.flatMap { try tokens(of: $0) } ?? tokens(of: prompt)
        return GenerationRequest(
            prompt: laidOut, maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            format: format, usesCalculator: defaults.usesCalculator && format == nil)
    }

    /// What the model wrote, in the form of steps and an answer where it says as much.
    func solution(_ written: String, of prompt: String) -> String {
        defaults.layout.solution(written, of: prompt)
    }

    /// A model of Hone's own was trained with its layout; any other gets the text as it is.
    private func tokens(of prompt: String) throws -> [Int32] {
        switch defaults.layout {
        case .steps where !isOwn && defaults.statedLayout == nil, .text:
            return tokenizer.prefixTokens + tokenizer.encode(prompt)
        case .steps, .equation:
            return tokenizer.encode(defaults.layout.prompt(prompt))
        case .chat:
            guard let tokens = try tokens(of: [ChatMessage(role: "user", content: prompt)]) else {
                throw WorkerError.file(
                    path: GenerationDefaults.fileName, line: nil,
                    fault: "says that the model answers in turns, and it has no chat template")
            }
            return tokens
        }
    }

    /// Nil where the model has no template. The template's own text holds the special tokens, also the first.
    private func tokens(of messages: [ChatMessage]) throws -> [Int32]? {
        try chat.get().map { try tokenizer.encode(messages, with: $0) }
    }
}
