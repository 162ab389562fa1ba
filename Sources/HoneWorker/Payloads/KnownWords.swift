// Options that are one word of several: a word that is none of them is answered with those that there are.
extension KeyedDecodingContainer {
    func decode<Word: Decodable & RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type, forKey key: Key
    ) throws -> Word {
        try Self.word(decode(String.self, forKey: key), at: codingPath + [key])
    }

    func decodeIfPresent<Word: Decodable & RawRepresentable<String> & CaseIterable>(
        _ type: Word.Type, forKey key: Key
    ) throws -> Word? {
        try decodeIfPresent(String.self, forKey: key).map { try Self.word($0, at: codingPath + [key]) }
    }

    func decode<Word: Decodable & RawRepresentable<String> & CaseIterable>(
        _ type: [Word].Type, forKey key: Key
    ) throws -> [Word] {
        try decode([String].self, forKey: key).map { try Self.word($0, at: codingPath + [key]) }
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String, at path: [any CodingKey]
    ) throws -> Word {
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: path, debugDescription: "has \"\(text)\"; there are: \(known)"))
        }
        return word
    }
}
