/// A row of `hone.job_status`, with the progress as text.
struct JobLine: Decodable {
    let id: Int64
    let kind: String
    let queue: String
    let state: JobState
    let attempt: Int
    let maxAttempts: Int
    let error: String?
    let createdAt: String

    static let columns = [
        Column<JobLine>("ID", isNumber: true) { String($0.id) },
        Column("KIND") { $0.kind },
        Column("QUEUE") { $0.queue },
        Column("STATE") { $0.state.rawValue },
        Column("TRY", isNumber: true) { "\($0.attempt)/\($0.maxAttempts)" },
        Column("CREATED") { $0.createdAt.clockTime },
        Column("ERROR") { $0.error ?? "" },
    ]
}
