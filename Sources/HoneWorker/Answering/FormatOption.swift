import Foundation
import HoneDatasets
import HoneGrammar

/// `format` of a payload or a prompt's line: `{"regex": "…"}` or `{"json_schema": {…}}`.
struct FormatOption: Decodable, Sendable {
    let format: AnswerFormat

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case regex
        case schema = "json_schema"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let regex = try container.decodeIfPresent(String.self, forKey: .regex)
        let schema = try container.decodeIfPresent(JSONValue.self, forKey: .schema)
        switch (regex, schema) {
        case (let regex?, nil): format = .regex(regex)
        case (nil, let schema?): format = try AnswerFormat(schema: schema)
        default:
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath, debugDescription: "must have either \"regex\" or \"json_schema\""))
        }
    }
}

extension AnswerFormat {
    /// One text for one schema, however its members stand: so requests of the same schema share what is known of it.
    init(schema: JSONValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self = .jsonSchema(String(decoding: try encoder.encode(schema), as: UTF8.self))
    }
}
