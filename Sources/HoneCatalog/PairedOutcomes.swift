public import HonePostgres

/// Which of the candidate's examples were answered right, by the candidate and by the checkpoint that is served.
public struct PairedOutcomes: Sendable {
    /// By the example's id.
    public let candidate: [String: Bool]
    public let active: [String: Bool]
    /// Examples that the active checkpoint has not answered.
    public let unanswered: [Int64]

    /// Reads the samples of the candidate's evaluation, and the newest of the active checkpoint to the same examples.
    public init(
        of evaluation: EvaluationRecord, active: Int64, from session: any PostgresSession
    ) async throws {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT c.example_id, c.verdict = 'correct' AS candidate, a.verdict = 'correct' AS active
                FROM hone.samples c
                LEFT JOIN LATERAL (
                    SELECT s.verdict FROM hone.evaluations e JOIN hone.samples s ON s.job_id = e.job_id
                    WHERE e.checkpoint_id = \(active) AND s.checkpoint_id = \(active)
                        AND s.example_id = c.example_id
                    ORDER BY s.id DESC LIMIT 1
                ) a ON true
                WHERE c.job_id = \(evaluation.job) AND c.checkpoint_id = \(evaluation.checkpoint)
                ORDER BY c.ordinal
                """
            ).named("compare answers"))
        var candidate: [String: Bool] = [:]
        var served: [String: Bool] = [:]
        var unanswered: [Int64] = []
        for row in rows {
            let (example, isRight, activeIsRight) = try row.decode(Int64.self, Bool.self, Bool?.self)
            candidate["\(example)"] = isRight
            if let activeIsRight { served["\(example)"] = activeIsRight } else { unanswered.append(example) }
        }
        self.candidate = candidate
        self.active = served
        self.unanswered = unanswered
    }
}
