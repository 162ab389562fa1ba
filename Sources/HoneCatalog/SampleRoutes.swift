public import HonePostgres

/// Which way an answer came, to be recorded beside its sample.
public struct NewSampleRoute: Encodable, Sendable {
    let jobID: Int64
    let ordinal: Int
    let mode: String
    let path: String
    let confidence: Double?
    let computed: Int
    let deep: Int

    /// - Parameters:
    ///   - sample: the answer, in the place that it has among its job's
    ///   - mode: lossy, lossless or fixed
    ///   - path: shallow, deep or search
    ///   - confidence: the router's probability that the path answers right; nil where nobody asked it
    ///   - computed: layers times tokens
    ///   - deep: the same for the answer through all layers
    public init(
        of sample: NewSample, mode: String, path: String, confidence: Double?, computed: Int, deep: Int
    ) {
        jobID = sample.jobID
        ordinal = sample.ordinal
        self.mode = mode
        self.path = path
        self.confidence = confidence
        self.computed = computed
        self.deep = deep
    }

    enum CodingKeys: String, CodingKey {
        case ordinal, mode, path, confidence, computed, deep
        case jobID = "job_id"
    }
}

extension Samples {
    /// Records the ways of samples that the same transaction recorded.
    public static func record(_ routes: [NewSampleRoute], in transaction: PostgresConnection) async throws {
        if routes.isEmpty { return }
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.sample_routes (job_id, ordinal, mode, path, confidence, computed, deep)
                SELECT * FROM jsonb_to_recordset(\(try PostgresJSON(encoding: routes))) AS r(
                    job_id bigint, ordinal integer, mode text, path text, confidence float8, computed bigint,
                    deep bigint)
                """
            ).named("record sample routes"))
    }
}
