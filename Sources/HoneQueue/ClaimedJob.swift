public import HonePostgres

/// A job together with the lease under which this worker may run it.
public struct ClaimedJob: Sendable, Hashable, Identifiable {
    public let id: Int64
    /// The token that every write of this attempt presents; a later lease has a greater one.
    public let fence: Int64
    public let kind: String
    public let queue: String
    public let priority: Int
    /// A JSON object.
    public let payload: PostgresJSON
    /// Which attempt this is, from 1.
    public let attempt: Int
    public let maxAttempts: Int
    /// How many attempts ended because their worker died or vanished.
    public let lostCount: Int
    public let runID: Int64?
    public let stage: String?
    let lane: Int32
    let position: Int64

    /// Whether an attempt at it has gone wrong before, so that it had better not share a batch with others.
    var isSuspect: Bool { attempt > 1 || lostCount > 0 }

    init(_ row: PostgresRow) throws(PostgresError) {
        id = try row.decode("job_id")
        fence = try row.decode("fence")
        kind = try row.decode("kind")
        queue = try row.decode("queue")
        priority = Int(try row.decode("priority", as: Int16.self))
        payload = try row.decode("payload")
        attempt = Int(try row.decode("attempt", as: Int16.self))
        maxAttempts = Int(try row.decode("max_attempts", as: Int16.self))
        lostCount = Int(try row.decode("lost", as: Int16.self))
        runID = try row.decode("run_id")
        stage = try row.decode("stage")
        lane = try row.decode("lane_id")
        position = try row.decode("position")
    }
}
