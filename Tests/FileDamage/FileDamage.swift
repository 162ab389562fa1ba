public import Foundation
import SeededRandom

/// Files as failed downloads, wrong scripts and strangers leave them: the same ones for the same seed.
public struct FileDamage {
    private var random: SplitMix

    public init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// Some bytes changed, left out or put in, or the end cut off; at least one byte is left. Changes are among the
    /// first `limit`.
    public mutating func bytes(_ intact: Data, within limit: Int = .max) -> Data {
        var bytes = intact
        for _ in 0...random.below(3) {
            let place = random.below(min(bytes.count, limit))
            switch random.below(5) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(20)))
            case 3: bytes.insert(contentsOf: Data("9e5,\"[{-\\u".utf8.prefix(1 + random.below(10))), at: place)
            default: bytes = bytes.prefix(place + 1)
            }
            if bytes.isEmpty { bytes = Data([0]) }
        }
        return bytes
    }

    /// Valid JSON with some values left out, doubled, exchanged or replaced by ones that nobody expects there.
    public mutating func json(_ intact: Data) throws -> Data {
        var value = try JSONSerialization.jsonObject(with: intact)
        for _ in 0...random.below(2) { value = damaged(value) }
        return try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    }

    private mutating func damaged(_ value: Any) -> Any {
        if let members = value as? [String: Any], !members.isEmpty, random.below(6) > 0 { return damaged(members) }
        if let elements = value as? [Any], !elements.isEmpty, random.below(6) > 0 { return damaged(elements) }
        if let text = value as? String, random.below(2) == 0 { return damaged(text) }
        if let number = value as? NSNumber, random.below(2) == 0 { return damaged(number.doubleValue) }
        return strange()
    }

    private mutating func damaged(_ members: [String: Any]) -> [String: Any] {
        var members = members
        let names = members.keys.sorted()
        let (name, other) = (names[random.below(names.count)], names[random.below(names.count)])
        switch random.below(8) {
        case 0: members[name] = nil
        case 1: members[name] = members[other]
        case 2: members[damaged(name)] = members.removeValue(forKey: name)
        default: members[name] = members[name].map { damaged($0) }
        }
        return members
    }

    private mutating func damaged(_ elements: [Any]) -> [Any] {
        var elements = elements
        let (place, other) = (random.below(elements.count), random.below(elements.count))
        switch random.below(8) {
        case 0: elements.remove(at: place)
        case 1: elements.insert(elements[other], at: place)
        case 2: elements.swapAt(place, other)
        default: elements[place] = damaged(elements[place])
        }
        return elements
    }

    private mutating func damaged(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        let place = random.below(scalars.count + 1)
        if random.below(2) == 0, place < scalars.count {
            scalars.remove(at: place)
        } else {
            let added: [Unicode.Scalar] = [
                "\0", "(", ")", "[", "]", "{", "}", "|", "*", "+", "?", "\\", "%", "-", "9", "\u{301}", "\u{FFFD}",
            ]
            scalars.insert(added[random.below(added.count)], at: place)
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    private mutating func damaged(_ number: Double) -> Double {
        let changed = [
            number + 1, number - 1, -number, number * 2, (number / 2).rounded(), number * 1e9, number + 0.5,
        ][random.below(7)]
        return changed.isFinite ? changed : number
    }

    private mutating func strange() -> Any {
        let values: [Any] = [
            NSNull(), true, false, 0, 1, -1, 0.5, 1 << 31, 1 << 53, Int.max, Int.min, 1e300, -1e300, "", "\0",
            "\u{1D11E}", String(repeating: "(", count: 500), [Any](), [[Any]()], ["a", 1], [String: Any](),
            ["type": "Sequence"], ["type": 3],
        ]
        return values[random.below(values.count)]
    }
}
