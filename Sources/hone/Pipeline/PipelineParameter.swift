import ArgumentParser
import Foundation
import HoneDatasets

/// `--param NAME=VALUE`: a value that is JSON is taken as such, any other as text.
struct PipelineParameter: ExpressibleByArgument {
    let name: String
    let value: JSONValue

    init?(argument: String) {
        guard let split = argument.firstIndex(of: "="), split > argument.startIndex else { return nil }
        name = String(argument[..<split])
        let text = String(argument[argument.index(after: split)...])
        do {
            value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            value = .string(text)  // no JSON: text it is
        }
    }
}
