/// A statement with its values, written as a string whose interpolations can only bind:
///
/// ```swift
/// let query: PostgresQuery = "SELECT id FROM hone.examples WHERE source = \(source) AND level = ANY(\(levels))"
/// ```
/// A value never becomes part of the text. A `String` goes out untyped, as a literal would, so it fits `text`, an enum
/// and `uuid` alike; every other value has the PostgreSQL type of its Swift type.
public struct PostgresQuery: Sendable, Hashable {
    public private(set) var sql: String
    private(set) var bindings = PostgresBindings()
    /// What errors and logs call this query.
    public private(set) var name: String

    /// A statement that was not written as a literal, such as a migration's.
    public init(unsafeSQL sql: String) {
        self.sql = sql
        name = Self.beginning(of: sql)
    }

    /// The same query under the name that errors and logs shall carry.
    public func named(_ name: String) -> PostgresQuery {
        var query = self
        query.name = name
        return query
    }

    /// The first words of a statement, on one line.
    private static func beginning(of sql: String) -> String {
        let words = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= 60 ? words : words.prefix(59) + "…"
    }
}

extension PostgresQuery: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) {
        self.init(unsafeSQL: value)
    }

    public init(stringInterpolation: StringInterpolation) {
        self.init(unsafeSQL: stringInterpolation.sql)
        bindings = stringInterpolation.bindings
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = ""
        fileprivate var bindings = PostgresBindings()

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) {
            sql += literal
        }

        /// Binds a value.
        public mutating func appendInterpolation(_ value: some PostgresEncodable) {
            bindings.append(value)
            sql += "$\(bindings.items.count)"
        }

        /// Binds a value or NULL. Without this overload the compiler would warn of a debug description.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            bindings.append(value)
            sql += "$\(bindings.items.count)"
        }

        /// Inserts a quoted name: `\(identifier: "order")` becomes `"order"`.
        public mutating func appendInterpolation(identifier: String) {
            sql += "\"\(identifier.filter { $0 != "\0" }.replacing("\"", with: "\"\""))\""
        }
    }
}

/// The encoded values of a query, in one buffer.
struct PostgresBindings: Sendable, Hashable {
    struct Item: Sendable, Hashable {
        let type: PostgresType
        /// Where the value's bytes are; nil for NULL.
        let range: Range<Int>?
    }

    private(set) var items: [Item] = []
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: some PostgresEncodable) {
        let start = bytes.count
        let isNull = !value.encode(into: &bytes)
        items.append(Item(type: type(of: value).postgresType, range: isNull ? nil : start..<bytes.count))
        bytes.append(0)  // ends a value in text format, and keeps an empty value from having no address
    }
}
