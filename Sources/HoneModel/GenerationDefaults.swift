internal import Foundation

/// What a model's directory says about generating with it: `generation_config.json`, of which Hone reads what is its
/// own and writes what Hugging Face's libraries read besides.
public struct GenerationDefaults: Sendable, Equatable {
    /// Whether the values of equations are calculated instead of generated.
    public var usesCalculator: Bool
    /// What the model reads and writes.
    public var layout: AnswerLayout

    private static let fileName = "generation_config.json"

    public init(usesCalculator: Bool = false, layout: AnswerLayout = .steps) {
        self.usesCalculator = usesCalculator
        self.layout = layout
    }

    /// Reads a model's directory; one without the file says nothing special.
    /// - Throws: `ModelError.file`.
    public static func read(directory: String) throws -> GenerationDefaults {
        let path = directory + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return GenerationDefaults() }
        let file = try readJSON(File.self, path)
        return GenerationDefaults(usesCalculator: file.usesCalculator ?? false, layout: file.layout ?? .steps)
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
        var endToken: Int32?
        var padToken: Int32?
        let usesCalculator: Bool?
        let layout: AnswerLayout?

        enum CodingKeys: String, CodingKey {
            case endToken = "eos_token_id"
            case padToken = "pad_token_id"
            case usesCalculator = "hone_calculator"
            case layout = "hone_layout"
        }

        init(endToken: Int32, padToken: Int32, usesCalculator: Bool?, layout: AnswerLayout?) {
            self.endToken = endToken
            self.padToken = padToken
            self.usesCalculator = usesCalculator
            self.layout = layout
        }

        /// Other programs write lists of tokens too, of which nothing is wanted here.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            usesCalculator = try container.decodeIfPresent(Bool.self, forKey: .usesCalculator)
            layout = try container.decodeIfPresent(AnswerLayout.self, forKey: .layout)
        }
    }
}

/// What a model that Hone trained reads and writes.
public enum AnswerLayout: String, Codable, Sendable {
    /// The problem as it is; one step a line and the answer.
    case steps
    /// The problem with letters for its numbers; one equation over the letters, which the calculator works out.
    case equation
}
