import Foundation
import SeededRandom

/// A schema drawn at random, and a check of values against it that is as plain as can be.
indirect enum RandomSchema {
    case object(required: [(String, RandomSchema)], optional: [(String, RandomSchema)])
    case array(RandomSchema, ClosedRange<Int>)
    case string(ClosedRange<Int>)
    case pattern(String)
    case integer(ClosedRange<Int>)
    case number(Double, Double)
    case values([String])
    case flag
    case any([RandomSchema])

    init(_ random: inout SplitMix, depth: Int) {
        switch Int.random(in: depth > 2 ? 3...8 : 0...9, using: &random) {
        case 0, 1:
            let names = ["a", "b", "name", "x y", "é", "\"q\""].shuffled(using: &random)
            let members = names.prefix(Int.random(in: 0...4, using: &random)).map { name in
                (name, RandomSchema(&random, depth: depth + 1))
            }
            let count = Int.random(in: 0...members.count, using: &random)
            self = .object(required: Array(members.prefix(count)), optional: Array(members.dropFirst(count)))
        case 2:
            let least = Int.random(in: 0...2, using: &random)
            self = .array(
                RandomSchema(&random, depth: depth + 1), least...least + Int.random(in: 0...2, using: &random))
        case 3:
            let least = Int.random(in: 0...3, using: &random)
            self = .string(least...least + Int.random(in: 0...5, using: &random))
        case 4:
            self = .pattern(["^[a-c]{1,4}$", "^\\d+-\\d{2}$", "^(é|日)?\"x\\\\?$"].randomElement(using: &random) ?? "")
        case 5:
            let low = Int.random(in: -1200...1200, using: &random)
            self = .integer(low...low + Int.random(in: 0...300, using: &random))
        case 6:
            let low = Double(Int.random(in: -300...300, using: &random)) / 100
            self = .number(low, low + Double(Int.random(in: 0...200, using: &random)) / 1000)
        case 7:
            self = .values(Array(["\"red\"", "\"re\"", "7", "null", "[1,\"x\"]"].shuffled(using: &random).dropLast(2)))
        case 8: self = .flag
        default:
            self = .any(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in RandomSchema(&random, depth: depth + 1) })
        }
    }

    var json: String {
        func quoted(_ text: String) -> String {
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        switch self {
        case .object(let required, let optional):
            let members = (required + optional).map { "\(quoted($0.0)):\($0.1.json)" }.joined(separator: ",")
            let names = required.map { quoted($0.0) }.joined(separator: ",")
            return #"{"type":"object","properties":{\#(members)},"required":[\#(names)],"additionalProperties":false}"#
        case .array(let element, let counts):
            return #"{"type":"array","items":\#(element.json),"minItems":\#(counts.lowerBound),"#
                + #""maxItems":\#(counts.upperBound)}"#
        case .string(let counts):
            return #"{"type":"string","minLength":\#(counts.lowerBound),"maxLength":\#(counts.upperBound)}"#
        case .pattern(let pattern): return #"{"type":"string","pattern":\#(quoted(pattern))}"#
        case .integer(let range):
            return #"{"type":"integer","minimum":\#(range.lowerBound),"maximum":\#(range.upperBound)}"#
        case .number(let low, let high): return #"{"type":"number","minimum":\#(low),"maximum":\#(high)}"#
        case .values(let values): return #"{"enum":[\#(values.joined(separator: ","))]}"#
        case .flag: return #"{"type":"boolean"}"#
        case .any(let branches): return #"{"anyOf":[\#(branches.map(\.json).joined(separator: ","))]}"#
        }
    }

    /// Whether a value that was parsed is one of the schema's.
    func accepts(_ value: Any) -> Bool {
        switch self {
        case .object(let required, let optional):
            guard let members = value as? [String: Any] else { return false }
            let known = Dictionary(uniqueKeysWithValues: required + optional)
            return required.allSatisfy { members[$0.0] != nil }
                && members.allSatisfy { name, value in known[name]?.accepts(value) ?? false }
        case .array(let element, let counts):
            guard let elements = value as? [Any] else { return false }
            return counts.contains(elements.count) && elements.allSatisfy(element.accepts)
        case .string(let counts): return (value as? String).map { counts.contains($0.unicodeScalars.count) } ?? false
        case .pattern(let pattern):
            return (value as? String).map { $0.range(of: pattern, options: .regularExpression) != nil } ?? false
        case .integer(let range):
            guard !Self.isFlag(value), let number = value as? NSNumber else { return false }
            return number.doubleValue == Double(number.intValue) && range.contains(number.intValue)
        case .number(let low, let high):
            guard !Self.isFlag(value), let number = value as? NSNumber else { return false }
            return number.doubleValue >= low && number.doubleValue <= high
        case .values(let values):
            let data = try? JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed)
            return data.map { values.contains(String(decoding: $0, as: UTF8.self)) } ?? false
        case .flag: return Self.isFlag(value)
        case .any(let branches): return branches.contains { $0.accepts(value) }
        }
    }

    private static func isFlag(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    }
}
