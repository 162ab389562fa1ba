/// A JSON line in Hone's own keys.
struct HoneRow: ExampleRow {
    private let content: Example

    init(from decoder: any Decoder) throws {
        try Self.refuseUnknownKeys(decoder)
        let keys = try decoder.container(keyedBy: Example.CodingKeys.self)
        content = Example(
            prompt: try keys.decode(String.self, forKey: .prompt),
            answer: try keys.decode(String.self, forKey: .answer),
            steps: try keys.decodeIfPresent([String].self, forKey: .steps) ?? [],
            split: try keys.decodeIfPresent(String.self, forKey: .split) ?? "",
            source: try keys.decodeIfPresent(String.self, forKey: .source),
            level: try keys.decodeIfPresent(Int16.self, forKey: .level).map(Int.init),
            metadata: try keys.decodeIfPresent([String: JSONValue].self, forKey: .metadata) ?? [:])
    }

    func example() throws(RowFault) -> Example {
        var example = content
        example.prompt = content.prompt.trimmed
        example.answer = content.answer.trimmed
        return example
    }

    private static func refuseUnknownKeys(_ decoder: any Decoder) throws {
        let known = Example.CodingKeys.allCases.map(\.rawValue)
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = given.sorted().first(where: { !known.contains($0) }) else { return }
        throw RowFault(
            "unknown key \"\(unknown)\"; known are \(known.joined(separator: ", ")), and metadata takes any other")
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}
