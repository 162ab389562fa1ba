public import FoundationEssentials

/// A JSON document as its bytes, sent as `jsonb` and read from `json` and `jsonb`.
public struct PostgresJSON: Sendable, Hashable {
    public let data: Data

    /// - Parameter data: A JSON text in UTF-8; the server refuses any other.
    public init(_ data: Data) {
        self.data = data
    }

    /// - Parameter text: A JSON text; the server refuses any other.
    public init(text: String) {
        data = Data(text.utf8)
    }

    /// - Throws: What the encoder throws.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        data = try encoder.encode(value)
    }

    public var text: String { String(decoding: data, as: UTF8.self) }

    /// - Throws: What the decoder throws.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }
}

extension PostgresJSON: PostgresEncodable {
    public static var postgresType: PostgresType { .jsonb }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(Self.binaryVersion)
        bytes.append(contentsOf: data)
        return true
    }
}

extension PostgresJSON: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> PostgresJSON {
        switch type {
        case .json: return PostgresJSON(Data(bytes.array))
        case .jsonb:
            guard try bytes.bigEndian(as: UInt8.self) == binaryVersion else { throw .type }
            return PostgresJSON(Data(bytes.array.dropFirst()))
        default: throw .type
        }
    }

    private static let binaryVersion: UInt8 = 1
}
