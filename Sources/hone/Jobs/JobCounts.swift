import HonePostgres

/// Which jobs a wait is about, and how many of them are in which state.
struct JobSelection {
    var ids: [Int64] = []
    var kind: String?
    var queue: String?
    var runID: Int64?

    /// One pass over the selected jobs.
    func count(on connection: PostgresConnection) async throws -> JobCounts {
        let selected: [Int64]? = ids.isEmpty ? nil : ids
        let rows = try await connection.query(
            """
            SELECT j.state, count(*) AS number FROM hone.job_status j
            WHERE (\(selected)::bigint[] IS NULL OR j.id = ANY (\(selected)::bigint[]))
              AND (\(kind)::text IS NULL OR j.kind = \(kind)::text)
              AND (\(queue)::text IS NULL OR j.queue = \(queue)::text)
              AND (\(runID)::bigint IS NULL OR j.run_id = \(runID)::bigint)
            GROUP BY j.state
            """)
        var counts = JobCounts()
        for row in rows {
            counts.add(Int(try row.decode("number", as: Int64.self)), in: try row.decode("state", as: String.self))
        }
        return counts
    }
}

/// Jobs by state, as far as waiting for them goes.
struct JobCounts: Encodable {
    var succeeded = 0
    var failed = 0
    var cancelled = 0
    var running = 0
    var pending = 0

    var finished: Int { succeeded + failed + cancelled }
    var total: Int { finished + running + pending }

    mutating func add(_ number: Int, in state: String) {
        switch JobState(rawValue: state) {
        case .succeeded: succeeded += number
        case .failed: failed += number
        case .cancelled: cancelled += number
        case .running: running += number
        case .available, .scheduled, .retryable, .waiting, nil: pending += number
        }
    }

    var text: String {
        var parts = ["\(finished)/\(total) done"]
        if running > 0 { parts.append("\(running) running") }
        if failed > 0 { parts.append("\(failed) failed") }
        if cancelled > 0 { parts.append("\(cancelled) cancelled") }
        return parts.joined(separator: ", ")
    }
}
