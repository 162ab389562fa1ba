internal import Foundation

/// What a model's directory says about generating with it: `generation_config.json`, of which Hone reads what is its
/// own and writes what Hugging Face's libraries read besides.
public struct GenerationDefaults: Sendable, Equatable {
    /// Whether the values of equations are calculated instead of generated.
    public var usesCalculator: Bool
    /// What the model reads and writes; nil where the file does not say, as others' do not.
    public var statedLayout: AnswerLayout?
    /// The tokens after which an answer is complete; nil where the file names none.
    public var endTokens: [Int32]?
    /// What the model reads and writes.
    public var layout: AnswerLayout { statedLayout ?? .steps }

    public static let fileName = "generation_config.json"

    public init(usesCalculator: Bool = false, layout: AnswerLayout? = .steps) {
        self.usesCalculator = usesCalculator
        statedLayout = layout
    }

    /// Reads a model's directory; one without the file says nothing special.
    /// - Throws: `ModelError.file`.
    public static func read(directory: String) throws -> GenerationDefaults {
        let path = directory + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return GenerationDefaults(layout: nil) }
        let file = try readJSON(File.self, path)
        var defaults = GenerationDefaults(usesCalculator: file.usesCalculator ?? false)
        defaults.statedLayout = file.layout
        defaults.endTokens = file.endTokens
        return defaults
    }

    public func write(directory: String, endToken: Int32, padToken: Int32) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let file = File(
            endToken: endToken, padToken: padToken, usesCalculator: usesCalculator ? true : nil,
            layout: layout == .steps ? nil : layout)
        let text = try encoder.encode(file) + Data("\n".utf8)
        try text.write(to: URL(filePath: directory + "/" + Self.fileName))
    }

    private struct File: Codable {
        var endTokens: [Int32]?
        var padToken: Int32?
        let usesCalculator: Bool?
        let layout: AnswerLayout?

        enum CodingKeys: String, CodingKey {
            case endTokens = "eos_token_id"
            case padToken = "pad_token_id"
            case usesCalculator = "hone_calculator"
            case layout = "hone_layout"
        }

        init(endToken: Int32, padToken: Int32, usesCalculator: Bool?, layout: AnswerLayout?) {
            endTokens = [endToken]
            self.padToken = padToken
            self.usesCalculator = usesCalculator
            self.layout = layout
        }

        /// Other programs write lists of tokens too.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            do {
                endTokens = try container.decodeIfPresent(Int32.self, forKey: .endTokens).map { [$0] }
            } catch DecodingError.typeMismatch {
                endTokens = try container.decode([Int32].self, forKey: .endTokens)
            }
            usesCalculator = try container.decodeIfPresent(Bool.self, forKey: .usesCalculator)
            layout = try container.decodeIfPresent(AnswerLayout.self, forKey: .layout)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(endTokens?.first, forKey: .endTokens)
            try container.encodeIfPresent(padToken, forKey: .padToken)
            try container.encodeIfPresent(usesCalculator, forKey: .usesCalculator)
            try container.encodeIfPresent(layout, forKey: .layout)
        }
    }
}

/// What a model reads and writes.
public enum AnswerLayout: String, Codable, Sendable, CaseIterable {
    /// The problem as it is; one step a line and the answer.
    case steps
    /// The problem with letters for its numbers; one equation over the letters, which the calculator works out.
    case equation
    /// The text as it is.
    case text
    /// A turn of a conversation, laid out by the model's chat template; the next turn.
    case chat
}
