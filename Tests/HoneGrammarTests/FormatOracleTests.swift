import Foundation
import Testing

@testable import HoneGrammar

/// What Python's `re` and jsonschema said; see `Tests/Oracles/structured_fixtures.py`.
@Suite struct FormatOracleTests {
    private struct Text: Decodable {
        let text: String
        let fits: Bool

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            fits = try container.decode(Bool.self)
        }
    }

    private struct RegexCase: Decodable {
        let pattern: String
        let texts: [Text]
    }

    private struct SchemaCase: Decodable {
        let schema: String
        let texts: [Text]
    }

    private func read<Case: Decodable>(_ name: String, as type: Case.Type) throws -> [Case] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/structured/\(name).json"))
        return try JSONDecoder().decode([Case].self, from: data)
    }

    @Test func aRegexAcceptsTheTextsThatPythonMatches() throws {
        for item in try read("regexes", as: RegexCase.self) {
            var recognizer = try Recognizer(.regex(item.pattern))
            for text in item.texts {
                #expect(try recognizer.accepts(text.text.utf8) == text.fits, "\(item.pattern) on \(text.text)")
            }
        }
    }

    @Test func aSchemaAcceptsTheTextsThatJSONSchemaCallsValid() throws {
        for item in try read("schemas", as: SchemaCase.self) {
            var recognizer = try Recognizer(.jsonSchema(item.schema))
            for text in item.texts {
                #expect(try recognizer.accepts(text.text.utf8) == text.fits, "\(item.schema) on \(text.text)")
            }
        }
    }
}
