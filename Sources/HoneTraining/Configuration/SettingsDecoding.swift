internal import Foundation

// Settings as JSON: what is left out keeps its default, and what nothing answers to is an error.
extension Decoder {
    /// The values under the given keys.
    ///
    /// - Throws: `TrainingError.configuration` for a key that is not among them, so that a misspelt one cannot pass
    ///   unnoticed.
    func settings<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Set(Key.allCases.map(\.stringValue))
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            let path = (codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")
            throw TrainingError.configuration(
                key: path, reason: "no such setting; known are \(known.sorted().joined(separator: ", "))")
        }
        return try container(keyedBy: Key.self)
    }
}

extension KeyedDecodingContainer {
    /// Overwrites `value` where the key is given.
    func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
        if let found = try decodeIfPresent(Value.self, forKey: key) { value = found }
    }

    /// Overwrites `value` where the key is given; null means nil.
    func readOptional<Value: Decodable>(_ key: Key, into value: inout Value?) throws {
        if contains(key) { value = try decodeIfPresent(Value.self, forKey: key) }
    }
}

/// Any key at all.
private struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}

/// Refuses a setting, by its key, unless `holds`.
func require<Key: CodingKey>(_ holds: Bool, _ key: Key, _ reason: String) throws(TrainingError) {
    if !holds { throw .configuration(key: key.stringValue, reason: reason) }
}
