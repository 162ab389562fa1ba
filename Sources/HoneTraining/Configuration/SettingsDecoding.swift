internal import Foundation
internal import HoneTensor

/// The greatest count that a setting may be: products of two of them are numbers still.
let greatestCount = 1_000_000_000

// Settings as JSON: what is left out keeps its default, and what nothing answers to is an error.
extension Decoder {
    /// The values under the given keys.
    ///
    /// - Throws: `TrainingError.configuration` for a key that is not among them, so that a misspelt one cannot pass
    ///   unnoticed.
    func settings<Key: CodingKey & CaseIterable>(_ keys: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let known = Set(Key.allCases.map(\.stringValue))
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw TrainingError.configuration(
                key: codingPath.dotted(to: key),
                reason: "no such setting; known are \(known.sorted().joined(separator: ", "))")
        }
        return try container(keyedBy: Key.self)
    }
}

extension KeyedDecodingContainer {
    /// A count within ``greatestCount``.
    func count(_ key: Key) throws -> Int { try bounded(decode(Int.self, forKey: key), key) }

    /// Overwrites `value` where the key is given, by a count within ``greatestCount``.
    func read(_ key: Key, into value: inout Int) throws {
        if let found = try decodeIfPresent(Int.self, forKey: key) { value = try bounded(found, key) }
    }

    /// Overwrites `value` where the key is given, by a count within ``greatestCount``; null means nil.
    func readOptional(_ key: Key, into value: inout Int?) throws {
        if contains(key) { value = try decodeIfPresent(Int.self, forKey: key).map { try bounded($0, key) } }
    }

    private func bounded(_ value: Int, _ key: Key) throws -> Int {
        guard value.magnitude <= greatestCount else {
            throw TrainingError.configuration(
                key: codingPath.dotted(to: key), reason: "must be at most \(greatestCount), is \(value)")
        }
        return value
    }

    /// Overwrites `value` where the key is given.
    func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
        if let found = try decodeIfPresent(Value.self, forKey: key) { value = found }
    }

    /// Overwrites `value` where the key is given; null means nil.
    func readOptional<Value: Decodable>(_ key: Key, into value: inout Value?) throws {
        if contains(key) { value = try decodeIfPresent(Value.self, forKey: key) }
    }
}

extension [any CodingKey] {
    /// A setting's name with those that it lies in, as in `optimizer.beta2`.
    func dotted(to key: some CodingKey) -> String {
        (map(\.stringValue) + [key.stringValue]).joined(separator: ".")
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

/// Refuses a number of threads that no machine has: a library that makes so many takes the machine down.
func requireThreads<Key: CodingKey>(_ count: Int, _ key: Key) throws(TrainingError) {
    try require(
        Threads.allowed.contains(count), key, "must be from 1 to \(Threads.allowed.upperBound), is \(count)")
}
