public import FoundationEssentials

/// A Swift type that can be read from a column.
public protocol PostgresDecodable: Sendable {
    /// Reads a value in PostgreSQL's binary format.
    /// - Throws: Why the bytes or the type do not fit.
    static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Self

    /// Reads NULL, which only optionals do.
    static func decodeNull() throws(PostgresMismatch) -> Self
}

/// Why a value cannot be read as the type that was asked for.
public struct PostgresMismatch: Error, Sendable {
    public let reason: String

    public init(_ reason: String) {
        self.reason = reason
    }

    static let type = PostgresMismatch("the types do not match; cast in the query")
}

extension PostgresDecodable {
    public static func decodeNull() throws(PostgresMismatch) -> Self {
        throw PostgresMismatch("the value is NULL")
    }
}

extension Span<UInt8> {
    /// The integer in network byte order that starts at `offset`.
    func bigEndian<Value: FixedWidthInteger>(
        at offset: Int = 0, as type: Value.Type = Value.self
    ) throws(PostgresMismatch) -> Value {
        guard offset >= 0, offset + Value.bitWidth / 8 <= count else {
            throw PostgresMismatch("the value ends early, at \(count) bytes")
        }
        var value: Value = 0
        for index in offset..<offset + Value.bitWidth / 8 {
            value = value << 8 | Value(truncatingIfNeeded: self[index])
        }
        return value
    }

    var utf8String: String? {
        unsafe withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
    }

    var array: [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}

extension Bool: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Bool {
        guard type == .bool else { throw .type }
        return try bytes.bigEndian(as: UInt8.self) != 0
    }
}

extension FixedWidthInteger where Self: PostgresDecodable {
    /// Reads any of PostgreSQL's integer types and whole numbers of type `numeric`.
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Self {
        let wide: Int64 =
            switch type {
            case .int2: Int64(try bytes.bigEndian(as: Int16.self))
            case .int4: Int64(try bytes.bigEndian(as: Int32.self))
            case .int8, .xid8: try bytes.bigEndian()
            case .oid: Int64(try bytes.bigEndian(as: UInt32.self))
            case .numeric: try PostgresNumeric(bytes).whole
            default: throw .type
            }
        guard let value = Self(exactly: wide) else { throw PostgresMismatch("\(wide) is out of range") }
        return value
    }
}

extension Int16: PostgresDecodable {}
extension Int32: PostgresDecodable {}
extension Int64: PostgresDecodable {}
extension Int: PostgresDecodable {}

extension BinaryFloatingPoint where Self: PostgresDecodable & LosslessStringConvertible {
    /// Reads `real`, `double precision`, `numeric` and the integer types, rounded if need be.
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Self {
        switch type {
        case .float4: return Self(Float(bitPattern: try bytes.bigEndian()))
        case .float8: return Self(Double(bitPattern: try bytes.bigEndian()))
        case .numeric:
            guard let value = Self(try PostgresNumeric(bytes).description) else { throw .type }
            return value
        default: return Self(try Int64.decode(bytes, type: type))
        }
    }
}

extension Float: PostgresDecodable {}
extension Double: PostgresDecodable {}

extension String: PostgresDecodable {
    /// Reads text, JSON, `numeric`, integers, UUIDs and types that the database has added, such as enums.
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> String {
        switch type {
        case .text, .varchar, .bpchar, .name, .json, .unspecified: break
        case .jsonb: return try PostgresJSON.decode(bytes, type: type).text
        case .numeric: return try PostgresNumeric(bytes).description
        case .int2, .int4, .int8, .oid, .xid8: return String(try Int64.decode(bytes, type: type))
        case .uuid: return try UUID.decode(bytes, type: type).uuidString.lowercased()
        default: guard type.oid >= Self.firstUserDefinedOID || type.oid == Self.unknownOID else { throw .type }
        }
        guard let string = bytes.utf8String else { throw PostgresMismatch("the bytes are not UTF-8") }
        return string
    }

    private static let firstUserDefinedOID: UInt32 = 16_384
    private static let unknownOID: UInt32 = 705
}

extension Data: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Data {
        guard type == .bytea else { throw .type }
        return Data(bytes.array)
    }
}

extension UUID: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> UUID {
        guard type == .uuid, bytes.count == 16 else { throw .type }
        let high: UInt64 = try bytes.bigEndian()
        let low: UInt64 = try bytes.bigEndian(at: 8)
        return unsafe UUID(uuid: unsafeBitCast((high.bigEndian, low.bigEndian), to: uuid_t.self))
    }
}

extension Date: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Date {
        guard type == .timestamptz else { throw .type }
        let microseconds: Int64 = try bytes.bigEndian()
        switch microseconds {
        case .max: return .distantFuture
        case .min: return .distantPast
        default: return postgresEpoch.addingTimeInterval(Double(microseconds) / 1_000_000)
        }
    }
}

extension Duration: PostgresDecodable {
    /// Reads an interval without months, whose length varies; a day counts 24 hours.
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Duration {
        guard type == .interval else { throw .type }
        let days: Int32 = try bytes.bigEndian(at: 8)
        let months: Int32 = try bytes.bigEndian(at: 12)
        guard months == 0 else { throw PostgresMismatch("an interval of months has no fixed length") }
        return .microseconds(try bytes.bigEndian(as: Int64.self)) + .seconds(Int64(days) * 86_400)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Wrapped? {
        try Wrapped.decode(bytes, type: type)
    }

    public static func decodeNull() throws(PostgresMismatch) -> Wrapped? {
        nil
    }
}

extension RawRepresentable where Self: PostgresDecodable, RawValue: PostgresDecodable {
    public static func decode(_ bytes: Span<UInt8>, type: PostgresType) throws(PostgresMismatch) -> Self {
        let rawValue = try RawValue.decode(bytes, type: type)
        guard let value = Self(rawValue: rawValue) else {
            throw PostgresMismatch("\(rawValue) is not one of its values")
        }
        return value
    }
}
