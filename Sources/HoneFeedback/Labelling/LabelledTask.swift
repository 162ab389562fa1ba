import HonePostgres

/// A task with the labels that stand, all of one kind and source.
public struct LabelledTask: Sendable {
    public let id: Int64
    public let labels: [StandingLabel]
    /// nil where it was not asked for.
    let content: LabelContent?
    let sample: Int64?
    let otherSample: Int64?
    /// Of a gold question: the right judgement, with left as the first answer.
    let known: Judgement?

    /// The same task with some of its labels.
    func keeping(_ isKept: (StandingLabel) -> Bool) -> LabelledTask {
        LabelledTask(
            id: id, labels: labels.filter(isKept), content: content, sample: sample, otherSample: otherSample,
            known: known)
    }
}

/// What a task is about, in its own order of sides.
struct LabelContent: Codable, Sendable {
    let prompt: String
    let reference: String?
    let answers: [LabelQuestion.Answer]
}

extension LabelSelection {
    private static let tasksPerPage = 1000

    enum Tasks: Sendable {
        /// Those that were selected, without gold questions.
        case asked
        /// Gold questions of the kind and source, that are about no checkpoint and of no other origin.
        case gold
    }

    /// Calls `body` with the selected tasks that have labels, in the order of their ids, a page at a time.
    nonisolated(nonsending) func forEachPage(
        _ which: Tasks, withContent: Bool, from session: any PostgresSession,
        _ body: ([LabelledTask]) async throws -> Void
    ) async throws {
        var last: Int64 = 0
        while let page = try await tasks(which, after: last, withContent: withContent, from: session) {
            try await body(page.tasks.filter { !$0.labels.isEmpty })
            last = page.last
        }
    }

    private func tasks(
        _ which: Tasks, after last: Int64, withContent: Bool, from session: any PostgresSession
    ) async throws -> (tasks: [LabelledTask], last: Int64)? {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT t.id, t.sample_id, t.other_id, g.known,
                    CASE WHEN \(withContent) THEN hone.label_content(t.id) END AS content
                FROM hone.label_tasks t LEFT JOIN hone.gold_questions g ON g.task_id = t.id
                WHERE t.id > \(last) AND t.kind = \(kind.rawValue) AND t.source = \(source.rawValue)
                  AND CASE WHEN \(which == .gold) THEN g.task_id IS NOT NULL AND g.retired_at IS NULL
                    ELSE g.task_id IS NULL
                        AND (\(origin)::text IS NULL OR t.origin = \(origin)::text)
                        AND (\(checkpoint) IS NULL OR EXISTS (
                            SELECT FROM hone.samples s
                            WHERE s.id IN (t.sample_id, t.other_id) AND s.checkpoint_id = \(checkpoint)))
                    END
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
                sample: try row.decode("sample_id"), otherSample: try row.decode("other_id"),
                known: try row.decode("known", as: PostgresJSON?.self).map { try Judgement($0, kind: kind) })
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
