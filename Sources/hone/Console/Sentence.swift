import HonePostgres

/// An error as one line for the user: what is wrong, and the mend where one is known.
struct Sentence: CustomStringConvertible {
    let description: String

    init(_ error: any Error) {
        let text = (error as? PostgresError).flatMap(Self.serverText) ?? "\(error)"
        description = text.split(whereSeparator: \.isNewline).map { $0.drop { $0.isWhitespace } }.joined(separator: " ")
    }

    /// What the server said, without the query's text, which the user did not write.
    private static func serverText(_ error: PostgresError) -> String? {
        guard case .server(let report) = error else { return nil }
        if noSchema.contains(report.sqlState.rawValue) {
            return "the database has no Hone schema, or not all of it: run 'hone migrate' (\(report.message))"
        }
        let parts = [report.message, report.detail, report.hint].compactMap(\.self)
        return parts.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }.joined(separator: "; ")
    }

    /// SQLSTATEs of a missing schema, function and table.
    private static let noSchema: Set<String> = ["3F000", "42883", "42P01"]
}
