import HonePostgres

/// Labellers who did no better than a coin where the right answer was known.
enum PausedLabellers {
    static func names(in session: any PostgresSession) async throws -> Set<String> {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT l.name FROM hone.labeller_pauses o JOIN hone.labellers l ON l.id = o.labeller_id
                WHERE o.resumed_at IS NULL
                """
            ).named("read paused labellers"))
        return Set(try rows.map { try $0.decode("name", as: String.self) })
    }
}

extension LabelledTask {
    /// Nil where none is left.
    func withoutLabels(by labellers: Set<String>) -> LabelledTask? {
        let left = labels.filter { !labellers.contains($0.labeller) }
        if left.isEmpty { return nil }
        return LabelledTask(id: id, labels: left, content: content, sample: sample, otherSample: otherSample)
    }
}
