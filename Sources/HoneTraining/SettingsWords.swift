// Settings that are one word of several: a word that is none of them is answered with those that there are.
extension KeyedDecodingContainer {
    /// Overwrites `value` where the key is given.
    func read<Word: Decodable & RawRepresentable<String> & CaseIterable>(_ key: Key, into value: inout Word) throws {
        if contains(key) { value = try decode(Word.self, forKey: key) }
    }

    /// - Throws: `TrainingError.configuration` for a word that is none.
    func decode<Word: Decodable & RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type, forKey key: Key
    ) throws -> Word {
        let text = try decode(String.self, forKey: key)
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw TrainingError.configuration(
                key: codingPath.dotted(to: key), reason: "is \"\(text)\"; there are: \(known)")
        }
        return word
    }
}
