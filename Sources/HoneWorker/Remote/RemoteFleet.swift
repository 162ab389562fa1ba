import HonePostgres

/// What the other workers of the fleet say that they can do.
enum RemoteFleet {
    /// Whether some worker that is alive answers for a model by servers elsewhere.
    static func serves(_ model: String, in session: some PostgresSession) async throws -> Bool {
        try await !session.query(
            PostgresQuery(
                """
                SELECT FROM hone.workers
                WHERE stopped_at IS NULL AND session_at IS NOT NULL AND capabilities -> 'models' ? \(model) LIMIT 1
                """
            ).named("look for workers that a model's servers answer")
        ).isEmpty
    }
}

/// What a worker says of itself in `hone.workers`, for people and for the rest of the fleet.
public struct WorkerCapabilities: Encodable, Sendable {
    /// Where models answer that this worker loads.
    public let device: String
    /// The models that servers elsewhere answer for.
    public let models: [String]

    public init(device: String, engines: EnginesFile) {
        self.device = device
        models = engines.models.keys.sorted()
    }
}
