internal import Foundation

/// One turn of a conversation.
public struct ChatMessage: Hashable, Sendable {
    public var role: String
    public var content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// The template by which a model's directory lays out a conversation: Jinja, as far as the models that Hone imports
/// use it. What it does not follow is an error with the construct's name and line.
public struct ChatTemplate: Sendable {
    private let statements: [TemplateStatement]
    /// The special tokens by their names in the settings, such as `bos_token`.
    private let tokens: [String: String]

    /// The template of a directory, `chat_template.jinja` or in `tokenizer_config.json`; nil where there is none.
    ///
    /// - Throws: `TokenizerError` for a file that cannot be read, `TemplateError` for a template that cannot be
    ///   followed.
    public init?(directory: String) throws {
        let settingsPath = directory + "/tokenizer_config.json"
        let hasSettings = FileManager.default.fileExists(atPath: settingsPath)
        let settings = hasSettings ? try BytePairTokenizer.json(settingsPath) : .null
        let path = directory + "/chat_template.jinja"
        let source: String?
        if FileManager.default.fileExists(atPath: path) {
            do {
                source = try String(contentsOf: URL(filePath: path), encoding: .utf8)
            } catch {
                throw TokenizerError.unreadable(path: path, reason: error.localizedDescription)
            }
        } else {
            source = Self.source(in: settings["chat_template"])
        }
        guard let source else { return nil }
        var tokens: [String: String] = [:]
        for member in settings.members ?? [] where member.name.hasSuffix("_token") {
            tokens[member.name] = member.value.text ?? member.value["content"]?.text
        }
        try self.init(source, tokens: tokens)
    }

    public init(_ source: String, tokens: [String: String] = [:]) throws(TemplateError) {
        self.tokens = tokens
        statements = try TemplateParser.parse(source)
    }

    /// A template, or the one named default of several.
    private static func source(in value: OrderedJSON?) -> String? {
        value?.text ?? value?.elements?.first { $0["name"]?.text == "default" }?["template"]?.text
    }

    /// The text of a conversation, with the beginning of the model's next turn where `addsGenerationPrompt`.
    public func text(of messages: [ChatMessage], addsGenerationPrompt: Bool = true) throws(TemplateError) -> String {
        var variables = tokens.mapValues { TemplateValue.string($0) }
        variables["messages"] = .list(
            messages.map { message in
                .map([
                    .init(key: "role", value: .string(message.role)),
                    .init(key: "content", value: .string(message.content)),
                ])
            })
        variables["add_generation_prompt"] = .bool(addsGenerationPrompt)
        // What transformers passes where nobody gives any.
        variables["tools"] = TemplateValue.none
        variables["documents"] = TemplateValue.none
        return try TemplateRun.render(statements, variables)
    }
}
