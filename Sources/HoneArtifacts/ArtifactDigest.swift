/// The SHA-256 of an artifact's bytes: its name in the store and in `hone.artifacts`.
public struct ArtifactDigest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the checksum, as the database keeps them.
    public let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: some Sequence<UInt8>) {
        let all = Array(bytes)
        guard all.count == 32 else { return nil }
        self.bytes = all
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    public init?(hex: some StringProtocol) {
        let digits = hex.utf8.compactMap(Self.nibble)
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        bytes = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The 64 lower-case hexadecimal digits, as `sha256sum` prints them.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    public var description: String { hex }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension ArtifactDigest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Self(hex: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a SHA-256: 64 hexadecimal digits are wanted")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
