public import HonePostgres

/// How a labeller does on questions whose answer is known.
public struct GoldRecord: Sendable, Hashable, Encodable {
    public let labeller: String
    public let answerCount: Int
    public let rightCount: Int
    /// False where enough answers are too often wrong: then none of the labeller's labels goes into a freeze.
    public let isTrusted: Bool
    /// Why it is not trusted; nil where it is.
    public let reason: String?

    public var accuracy: Double { Double(rightCount) / Double(answerCount) }

    /// Of all labellers of the source who answered some.
    public static func all(
        of source: LabelSource, from session: any PostgresSession
    ) async throws -> [GoldRecord] {
        try await session.query(
            PostgresQuery(
                """
                SELECT labeller, answer_count, right_count, is_trusted, minimum_accuracy
                FROM hone.gold_accuracy WHERE source = \(source.rawValue)
                ORDER BY right_count::float8 / answer_count, labeller
                """
            ).named("gold accuracy")
        ).map(GoldRecord.init)
    }

    private init(_ row: PostgresRow) throws {
        labeller = try row.decode("labeller")
        answerCount = try row.decode("answer_count")
        rightCount = try row.decode("right_count")
        isTrusted = try row.decode("is_trusted")
        let minimum: Double = try row.decode("minimum_accuracy")
        reason =
            isTrusted
            ? nil
            : "\(rightCount) of \(answerCount) gold questions right, and at least \(Int((100 * minimum).rounded())) % "
                + "are asked for"
    }
}
