import HonePostgres

/// A task with the labels that stand, all of one kind and source.
public struct LabelledTask: Sendable {
    public let id: Int64
    public let labels: [StandingLabel]
    /// nil where it was not asked for.
    let content: LabelContent?
    let sample: Int64?
    let otherSample: Int64?
}

/// What a task is about, in its own order of sides.
struct LabelContent: Codable, Sendable {
    let prompt: String
    let reference: String?
    let answers: [LabelQuestion.Answer]
}

extension LabelSelection {
    private static let tasksPerPage = 1000

    /// Calls `body` with the selected tasks that have labels, in the order of their ids, a page at a time.
    nonisolated(nonsending) func forEachPage(
        withContent: Bool, from session: any PostgresSession, _ body: ([LabelledTask]) async throws -> Void
    ) async throws {
        var last: Int64 = 0
        while let page = try await tasks(after: last, withContent: withContent, from: session) {
            try await body(page.tasks.filter { !$0.labels.isEmpty })
            last = page.last
        }
    }

    private func tasks(
        after last: Int64, withContent: Bool, from session: any PostgresSession
    ) async throws -> (tasks: [LabelledTask], last: Int64)? {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT t.id, t.sample_id, t.other_id,
                    CASE WHEN \(withContent) THEN hone.label_content(t.id) END AS content
                FROM hone.label_tasks t
                WHERE t.id > \(last) AND t.kind = \(kind.rawValue) AND t.source = \(source.rawValue)
                  AND (\(origin)::text IS NULL OR t.origin = \(origin)::text)
                  AND (\(checkpoint) IS NULL OR EXISTS (
                    SELECT FROM hone.samples s
                    WHERE s.id IN (t.sample_id, t.other_id) AND s.checkpoint_id = \(checkpoint)))
                ORDER BY t.id LIMIT \(Self.tasksPerPage)
                """
            ).named("read labelled tasks"))
        guard let end = try rows.last?.decode("id", as: Int64.self) else { return nil }
        let labels = try await labels(of: rows.map { try $0.decode("id") }, from: session)
        let tasks = try rows.map { row in
            let id: Int64 = try row.decode("id")
            return LabelledTask(
                id: id, labels: labels[id] ?? [],
                content: try row.decode("content", as: PostgresJSON?.self)?.decode(LabelContent.self),
                sample: try row.decode("sample_id"), otherSample: try row.decode("other_id"))
        }
        return (tasks, end)
    }

    private func labels(of tasks: [Int64], from session: any PostgresSession) async throws -> [Int64: [StandingLabel]] {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT j.label_id, j.task_id, j.labeller, j.judgement, j.preferred, j.seconds
                FROM hone.all_judgements j WHERE j.task_id = ANY (\(tasks)) ORDER BY j.label_id
                """
            ).named("read labels"))
        return Dictionary(grouping: try rows.map { try StandingLabel($0, kind: kind) }, by: \.task)
    }
}
