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

    /// The members of an object by their names, each as "loss 0.1234", on one line; other values as they are.
    var listed: String {
        if case .object = self { parts.joined(separator: ", ") } else { text }
    }

    /// The members of an object by their names, each as "loss 0.1234".
    var parts: [String] {
        guard case .object(let members) = self else { return [] }
        return members.sorted { $0.key < $1.key }.map { key, value in
            "\(key.replacing("_per_s", with: "/s").replacing("_", with: " ")) \(value.short)"
        }
    }

    private var short: String {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        case .number(let value): Self.short(value)
        default: text
        }
    }

    /// Four digits are enough to watch.
    private static func short(_ number: Double) -> String {
        guard abs(number) < 1e15 else { return "\(number)" }
        if number == number.rounded() || abs(number) >= 1000 { return "\(Int(number.rounded()))" }
        return "\((number * 10_000).rounded() / 10_000)"
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
