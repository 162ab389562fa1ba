public import HonePostgres

/// Labels that stand, as JSON lines that `LabelImport` reads again.
public enum LabelExport {
    private static let pageCount = 1000

    /// Calls `write` with each line, in the order of the labels; a page in memory at a time.
    /// - Parameters:
    ///   - kinds: nil: all.
    ///   - source: whose labels.
    ///   - origin: only those that were imported under this name.
    ///   - session: where from.
    ///   - write: takes a line.
    /// - Returns: How many lines.
    /// - Throws: What `write` throws, or `PostgresError`.
    public nonisolated(nonsending) static func lines(
        of kinds: [LabelKind]?, source: LabelSource, origin: String? = nil, from session: any PostgresSession,
        _ write: (String) throws -> Void
    ) async throws -> Int {
        var count = 0
        var last: Int64 = 0
        while true {
            let rows = try await session.query(
                page(after: last, kinds: kinds?.map(\.rawValue), source: source, origin: origin))
            for row in rows {
                try write(try row.decode("line"))
                last = try row.decode("label_id")
            }
            count += rows.count
            if rows.count < pageCount { return count }
        }
    }

    /// Left and right as in the task: how a labeller saw them is no part of what is passed on.
    private static func page(
        after last: Int64, kinds: [String]?, source: LabelSource, origin: String?
    ) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT j.label_id, (jsonb_strip_nulls(jsonb_build_object(
                'label', j.label_id, 'task', j.task_id, 'kind', j.kind, 'source', j.source, 'labeller', j.labeller,
                'seconds', j.seconds, 'created_at', j.created_at, 'samples', CASE WHEN j.sample_id IS NOT NULL
                    THEN to_jsonb(array_remove(ARRAY[j.sample_id, j.other_id], NULL)) END))
                || hone.label_content(j.task_id)
                || jsonb_build_object('judgement', j.judgement || CASE j.preferred
                    WHEN 'first' THEN '{"choice": "left"}'::jsonb
                    WHEN 'second' THEN '{"choice": "right"}' ELSE '{}' END)
                )::text AS line
            FROM hone.all_judgements j
            WHERE j.label_id > \(last) AND j.source = \(source.rawValue)
              AND (\(kinds) IS NULL OR j.kind = ANY (\(kinds)))
              AND (\(origin)::text IS NULL OR j.origin = \(origin)::text)
            ORDER BY j.label_id LIMIT \(pageCount)
            """
        ).named("export labels")
    }
}
