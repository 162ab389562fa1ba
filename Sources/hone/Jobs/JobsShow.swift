import ArgumentParser
import HoneDatasets
import HonePostgres

/// `hone jobs show`: one job in full, with the attempts that it took.
struct JobsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a job in full: payload, result, error, attempts.",
        discussion: """
            EXAMPLES
              hone jobs show 42
              hone jobs show 42 --json | jq .result
            """)

    @Argument(help: "The job's id.")
    var id: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let rows: DatabaseRows<JobInFull> = try await options.withDatabase { connection in
            try await connection.rows(
                """
                SELECT to_json(q)::text AS line FROM (
                    SELECT j.*, CASE WHEN j.state = 'available' THEN hone.is_taken(j.kind) END AS is_taken,
                        (SELECT coalesce(json_agg(a ORDER BY a.fence), '[]') FROM hone.attempts a WHERE a.job_id = j.id)
                            AS attempts,
                        (SELECT json_agg(r ORDER BY r.path) FROM hone.job_routes r WHERE r.job_id = j.id) AS routes
                    FROM hone.jobs j WHERE j.id = \(id)) q
                """)
        }
        guard !rows.lines.isEmpty else { throw CommandError.noSuchRow(noun: "job", name: "\(id)") }
        if options.json {
            print(rows.lines[0])
        } else {
            print(try rows.decoded()[0].text)
        }
    }
}

/// A row of `hone.jobs` with its attempts.
private struct JobInFull: Decodable {
    struct Attempt: Decodable {
        let attempt: Int
        let outcome: String
        let error: String?
        let worker: String?
        let finishedAt: String
    }

    struct Route: Decodable {
        let mode: String
        let path: String
        let samples: Int
        let confidence: Double?
        let saved: Double?
        let correct: Int
        let verified: Int

        /// The layers times tokens that were saved, and how right and how sure the answers were.
        var text: String {
            let parts = [
                "\(samples) \(path)", saved.map { "\(Int(($0 * 100).rounded())) % of the layers saved" },
                verified > 0 ? "\(correct) of \(verified) right" : nil,
                confidence.map { "expected \(Int(($0 * 100).rounded())) %" },
            ]
            return parts.compactMap(\.self).joined(separator: ", ")
        }
    }

    let id: Int64
    let kind: String
    let queue: String
    let priority: Int
    let state: JobState
    let attempt: Int
    let maxAttempts: Int
    let runAt: String
    let createdAt: String
    let startedAt: String?
    let finishedAt: String?
    let worker: String?
    let uniqueKey: String?
    let runId: Int64?
    let stage: String?
    let payload: JSONValue
    let progress: JSONValue?
    let result: JSONValue?
    let error: String?
    let attempts: [Attempt]
    /// By which paths its answers came, where that was asked for.
    let routes: [Route]?
    /// Of an available job: whether a worker runs that takes its kind.
    let isTaken: Bool?

    private var taker: String {
        kind == "label" ? "a labeller; 'hone label' asks" : "a worker that takes \(kind) jobs; none is running"
    }

    var text: String {
        var details = Details("job \(id)  \(kind)  \(state.rawValue)")
        details.add("queue", "\(queue), priority \(priority)")
        details.add("attempt", "\(attempt) of \(maxAttempts)")
        details.add("run", runId.map { "\($0), stage \(stage ?? "")" })
        details.add("unique key", uniqueKey)
        details.add("created", createdAt.clockTime)
        details.add("waits for", isTaken == false ? taker : nil)
        details.add("run at", runAt == createdAt ? nil : runAt.clockTime)
        details.add("started", startedAt?.clockTime)
        details.add("finished", finishedAt?.clockTime)
        details.add("worker", worker)
        details.add("progress", progress?.text)
        details.add("payload", payload.text)
        details.add("result", result?.text)
        for route in routes ?? [] { details.add("routing \(route.mode)", route.text) }
        details.add("error", error)
        for ended in attempts {
            let note = ended.error.map { ": \($0)" } ?? ""
            details.add(
                "try \(ended.attempt)",
                "\(ended.finishedAt.clockTime) \(ended.outcome) on \(ended.worker ?? "?")\(note)")
        }
        return details.text
    }
}
