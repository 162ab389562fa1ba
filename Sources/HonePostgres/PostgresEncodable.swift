public import FoundationEssentials

/// A Swift type that can be bound in a query.
public protocol PostgresEncodable: Sendable {
    /// The PostgreSQL type that the value is sent as.
    static var postgresType: PostgresType { get }

    /// Appends the value in PostgreSQL's binary format, as text if ``postgresType`` is `.unspecified`.
    /// - Returns: Whether there is a value; false stands for NULL, and nothing was appended.
    func encode(into bytes: inout [UInt8]) -> Bool
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }
}

extension Bool: PostgresEncodable {
    public static var postgresType: PostgresType { .bool }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }
}

extension FixedWidthInteger where Self: PostgresEncodable {
    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: self)
        return true
    }
}

extension Int16: PostgresEncodable {
    public static var postgresType: PostgresType { .int2 }
}

extension Int32: PostgresEncodable {
    public static var postgresType: PostgresType { .int4 }
}

extension Int64: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }
}

extension Int: PostgresEncodable {
    public static var postgresType: PostgresType { .int8 }
}

extension Float: PostgresEncodable {
    public static var postgresType: PostgresType { .float4 }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: bitPattern)
        return true
    }
}

extension Double: PostgresEncodable {
    public static var postgresType: PostgresType { .float8 }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: bitPattern)
        return true
    }
}

extension String: PostgresEncodable {
    public static var postgresType: PostgresType { .unspecified }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: utf8)
        return true
    }
}

extension Data: PostgresEncodable {
    public static var postgresType: PostgresType { .bytea }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: self)
        return true
    }
}

extension UUID: PostgresEncodable {
    public static var postgresType: PostgresType { .uuid }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: withUnsafeUUIDBytes)
        return true
    }

    private var withUnsafeUUIDBytes: [UInt8] {
        let (high, low) = unsafe unsafeBitCast(uuid, to: (UInt64, UInt64).self)
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt64(bigEndian: high))
        bytes.append(bigEndian: UInt64(bigEndian: low))
        return bytes
    }
}

/// `timestamp with time zone`, which counts microseconds since 2000-01-01 00:00 UTC.
extension Date: PostgresEncodable {
    static let postgresEpoch = Date(timeIntervalSince1970: 946_684_800)

    public static var postgresType: PostgresType { .timestamptz }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: Int64((timeIntervalSince(Self.postgresEpoch) * 1_000_000).rounded()))
        return true
    }
}

/// `interval` of microseconds; PostgreSQL keeps no finer ones.
extension Duration: PostgresEncodable {
    public static var postgresType: PostgresType { .interval }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(bigEndian: components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000)
        bytes.append(bigEndian: Int32(0))  // days
        bytes.append(bigEndian: Int32(0))  // months
        return true
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var postgresType: PostgresType { Wrapped.postgresType }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        self?.encode(into: &bytes) ?? false
    }
}

/// An enum with raw values is sent as its raw value; declaring the conformance is all it takes.
extension RawRepresentable where Self: PostgresEncodable, RawValue: PostgresEncodable {
    public static var postgresType: PostgresType { RawValue.postgresType }

    public func encode(into bytes: inout [UInt8]) -> Bool {
        rawValue.encode(into: &bytes)
    }
}
