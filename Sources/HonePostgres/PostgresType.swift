/// A PostgreSQL type, by its identifier in `pg_type`.
public struct PostgresType: Hashable, Sendable {
    public let oid: UInt32

    public init(oid: UInt32) {
        self.oid = oid
    }

    /// The server infers the type, as it does for a literal in quotes; the value goes out as text.
    public static let unspecified = PostgresType(oid: 0)
    public static let bool = PostgresType(oid: 16)
    public static let bytea = PostgresType(oid: 17)
    public static let name = PostgresType(oid: 19)
    public static let int8 = PostgresType(oid: 20)
    public static let int2 = PostgresType(oid: 21)
    public static let int4 = PostgresType(oid: 23)
    public static let text = PostgresType(oid: 25)
    public static let oid = PostgresType(oid: 26)
    public static let json = PostgresType(oid: 114)
    public static let float4 = PostgresType(oid: 700)
    public static let float8 = PostgresType(oid: 701)
    public static let bpchar = PostgresType(oid: 1042)
    public static let varchar = PostgresType(oid: 1043)
    public static let timestamptz = PostgresType(oid: 1184)
    public static let interval = PostgresType(oid: 1186)
    public static let numeric = PostgresType(oid: 1700)
    public static let uuid = PostgresType(oid: 2950)
    public static let jsonb = PostgresType(oid: 3802)
    public static let xid8 = PostgresType(oid: 5069)

    var isBinary: Bool { self != .unspecified }

    /// The type of arrays of this one.
    var array: PostgresType {
        guard let oid = Self.arrayOIDs[self] else {
            preconditionFailure("no array type is known for \(self); bind the text form instead")
        }
        return PostgresType(oid: oid)
    }

    private static let arrayOIDs: [PostgresType: UInt32] = [
        .unspecified: 1009, .text: 1009, .bool: 1000, .bytea: 1001, .int2: 1005, .int4: 1007, .int8: 1016,
        .float4: 1021, .float8: 1022, .timestamptz: 1185, .interval: 1187, .numeric: 1231, .uuid: 2951, .json: 199,
        .jsonb: 3807,
    ]

    private static let names: [PostgresType: String] = [
        .unspecified: "unknown", .bool: "boolean", .bytea: "bytea", .name: "name", .int8: "bigint", .int2: "smallint",
        .int4: "integer", .text: "text", .oid: "oid", .json: "json", .float4: "real", .float8: "double precision",
        .bpchar: "character", .varchar: "character varying", .timestamptz: "timestamp with time zone",
        .interval: "interval", .numeric: "numeric", .uuid: "uuid", .jsonb: "jsonb", .xid8: "xid8",
    ]
}

extension PostgresType: CustomStringConvertible {
    public var description: String {
        if let name = Self.names[self] { return name }
        if let element = Self.arrayOIDs.first(where: { $0.value == oid && $0.key != .unspecified }) {
            return "\(element.key)[]"
        }
        return "type \(oid)"
    }
}
