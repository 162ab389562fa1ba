internal import Foundation

/// What a model's directory says about generating with it: `generation_config.json`, of which Hone reads what is its
/// own and writes what Hugging Face's libraries read besides.
public struct GenerationDefaults: Sendable, Equatable {
    /// Whether the values of equations are calculated instead of generated.
    public var usesCalculator: Bool

    private static let fileName = "generation_config.json"

    public init(usesCalculator: Bool = false) {
        self.usesCalculator = usesCalculator
    }

    /// Reads a model's directory; one without the file says nothing special.
    /// - Throws: `ModelError.file`.
    public static func read(directory: String) throws -> GenerationDefaults {
        let path = directory + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return GenerationDefaults() }
        return GenerationDefaults(usesCalculator: try readJSON(File.self, path).usesCalculator ?? false)
    }

    public func write(directory: String, endToken: Int32, padToken: Int32) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let file = File(endToken: endToken, padToken: padToken, usesCalculator: usesCalculator ? true : nil)
        let text = try encoder.encode(file) + Data("\n".utf8)
        try text.write(to: URL(filePath: directory + "/" + Self.fileName))
    }

    private struct File: Codable {
        var endToken: Int32?
        var padToken: Int32?
        let usesCalculator: Bool?

        enum CodingKeys: String, CodingKey {
            case endToken = "eos_token_id"
            case padToken = "pad_token_id"
            case usesCalculator = "hone_calculator"
        }

        init(endToken: Int32, padToken: Int32, usesCalculator: Bool?) {
            self.endToken = endToken
            self.padToken = padToken
            self.usesCalculator = usesCalculator
        }

        /// Other programs write lists of tokens too, of which nothing is wanted here.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            usesCalculator = try container.decodeIfPresent(Bool.self, forKey: .usesCalculator)
        }
    }
}
