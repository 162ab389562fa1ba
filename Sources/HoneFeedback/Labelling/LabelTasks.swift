public import HonePostgres

/// Which samples to ask about, and how often.
public struct LabelRequest: Sendable {
    public var kind: LabelKind
    public var checkpoint: Int64?
    public var dataset: String?
    /// For preferences: pairs of one answer of `checkpoint` and one of this.
    public var otherCheckpoint: Int64?
    /// At most so many tasks a prompt, chosen by the seed; nil: all pairs, or all answers.
    public var perPrompt: Int?
    /// Labels a task, each by another labeller.
    public var wanted = 1
    /// Who is asked.
    public var source = LabelSource.person
    /// A smaller number is asked first.
    public var priority = 0
    public var seed: Int64 = 0
    /// By prompt, how many places its tasks come before the priority: what is urgent is asked first.
    public var urgency: [String: Int] = [:]

    public init(_ kind: LabelKind, checkpoint: Int64? = nil, dataset: String? = nil) {
        self.kind = kind
        self.checkpoint = checkpoint
        self.dataset = dataset
    }
}

/// Label tasks in the database.
public enum LabelTasks {
    /// Makes the tasks, in the session's transaction if it is in one. What was asked before is not asked again.
    /// - Returns: How many are new.
    public static func create(
        _ request: LabelRequest, in session: any PostgresSession
    ) async throws -> Int {
        try await session.query(
            PostgresQuery(
                """
                SELECT hone.create_label_tasks(
                    \(request.kind.rawValue), checkpoint => \(request.checkpoint), dataset => \(request.dataset),
                    other_checkpoint => \(request.otherCheckpoint),
                    per_prompt => \(request.perPrompt.map { Int32(clamping: $0) }),
                    wanted => \(Int32(clamping: request.wanted)), source => \(request.source.rawValue),
                    priority => \(Int32(clamping: request.priority)), seed => \(request.seed),
                    urgency => \(try PostgresJSON(encoding: request.urgency))) AS made
                """
            ).named("create label tasks"))[0].decode("made")
    }
}
