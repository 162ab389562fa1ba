import Foundation
import HoneDatasets

extension JSONValue {
    /// For people: on one line, or indented where there is much.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let line = String(decoding: try encoder.encode(self), as: UTF8.self)
            guard line.count > 100 else { return line }
            encoder.outputFormatting.insert(.prettyPrinted)
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            return "\(self)"  // a number that JSON has no form for; it came from JSON, so there is none
        }
    }
}
