/// The five characters by which PostgreSQL classifies an error.
public struct SQLState: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }

    public var description: String { rawValue }

    public static let checkViolation: SQLState = "23514"
    public static let deadlockDetected: SQLState = "40P01"
    public static let duplicateDatabase: SQLState = "42P04"
    public static let foreignKeyViolation: SQLState = "23503"
    public static let insufficientPrivilege: SQLState = "42501"
    public static let invalidCatalogName: SQLState = "3D000"
    public static let invalidPassword: SQLState = "28P01"
    public static let lockNotAvailable: SQLState = "55P03"
    public static let notNullViolation: SQLState = "23502"
    public static let objectInUse: SQLState = "55006"
    public static let queryCanceled: SQLState = "57014"
    public static let raiseException: SQLState = "P0001"
    public static let serializationFailure: SQLState = "40001"
    public static let syntaxError: SQLState = "42601"
    public static let tooManyConnections: SQLState = "53300"
    public static let undefinedColumn: SQLState = "42703"
    public static let undefinedFunction: SQLState = "42883"
    public static let undefinedTable: SQLState = "42P01"
    public static let uniqueViolation: SQLState = "23505"
}
