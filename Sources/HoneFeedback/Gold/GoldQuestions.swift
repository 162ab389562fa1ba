public import Foundation
public import HonePostgres

/// Label tasks whose answer is known, mixed into what labellers are asked and never shown as such.
public enum GoldQuestions {
    /// How many gold turns there are, and what follows from the answers.
    public struct Rule: Sendable, Encodable {
        /// Share of a labeller's turns that are gold, while there is gold to ask.
        public let share: Double
        public let minimumAccuracy: Double
        /// Answers before which nobody is judged.
        public let minimumCount: Int
    }

    /// Reads questions from a file as `hone label export` writes it: each label becomes a question with what it says as
    /// the known answer.
    ///
    /// - Returns: How many were new.
    /// - Throws: `DatasetError` with the line of a bad row, or `PostgresError`.
    public static func add(
        file: URL, askedOf source: LabelSource, labellers: Int, using pool: PostgresPool
    ) async throws -> Int {
        try await pool.withTransaction { transaction in
            var questions: [PostgresJSON] = []
            try await LabelFile(file: file).forEachRow(ExportedRow.self) { labels in
                questions += try labels.map { try PostgresJSON(encoding: $0) }
            }
            return try await transaction.query(
                PostgresQuery(
                    """
                    SELECT hone.add_gold(
                        \(questions), source => \(source.rawValue), labellers => \(Int32(clamping: labellers))) AS added
                    """
                ).named("add gold"))[0].decode("added")
        }
    }

    /// Makes questions of samples that the verifier judged: a right answer beside a wrong one, or rated steps.
    ///
    /// - Returns: How many were new.
    public static func add(
        _ request: LabelRequest, count: Int, labellers: Int, in session: any PostgresSession
    ) async throws -> Int {
        try await session.query(
            PostgresQuery(
                """
                SELECT hone.add_gold(ARRAY(SELECT hone.gold_of_samples(
                    \(request.kind.rawValue), checkpoint => \(request.checkpoint), dataset => \(request.dataset),
                    count => \(Int32(clamping: count)), seed => \(request.seed))),
                    source => \(request.source.rawValue), labellers => \(Int32(clamping: labellers))) AS added
                """
            ).named("gold of samples"))[0].decode("added")
    }

    /// Takes a question back: it is asked no more, and its answers count for nobody.
    ///
    /// - Throws: `FeedbackError.noSuchGold`, also where it is retired already.
    public static func retire(_ task: Int64, in session: any PostgresSession) async throws {
        let row = try await session.query(
            PostgresQuery("SELECT hone.retire_gold(\(task)) AS is_done").named("retire gold"))[0]
        guard try row.decode("is_done") else { throw FeedbackError.noSuchGold(task) }
    }

    /// Changes what is given and returns the rule as it is then.
    public static func setRule(
        of source: LabelSource, share: Double? = nil, minimumAccuracy: Double? = nil, minimumCount: Int? = nil,
        in session: any PostgresSession
    ) async throws -> Rule {
        let row = try await session.query(
            PostgresQuery(
                """
                SELECT share, minimum_accuracy, minimum_count FROM hone.set_gold_rule(
                    \(source.rawValue), \(share), \(minimumAccuracy), \(minimumCount.map { Int32(clamping: $0) }))
                """
            ).named("set a gold rule"))[0]
        return Rule(
            share: try row.decode("share"), minimumAccuracy: try row.decode("minimum_accuracy"),
            minimumCount: try row.decode("minimum_count"))
    }
}
