import HoneDatasets
public import HonePostgres

/// One answer of a checkpoint, to be recorded with the completion of its job.
public struct NewSample: Sendable {
    /// One line of its reasoning, and whether it holds.
    public struct Step: Sendable, Encodable {
        public let text: String
        /// Nil if it cannot be checked.
        public let ok: Bool?
        public let reason: String?

        public init(text: String, ok: Bool?, reason: String? = nil) {
            self.text = text
            self.ok = ok
            self.reason = reason
        }
    }

    public var attempt: JobAttempt
    /// Its place among the job's samples, from 0.
    public var ordinal: Int
    public var checkpoint: Int64
    public var example: Int64?
    public var prompt: String
    public var text: String
    public var tokenIDs: [Int32]
    /// Natural logarithms under the sampling distribution, one a token; nil if they were not asked for.
    public var tokenLogProbs: [Float]?
    public var steps: [Step] = []
    public var answer: String?
    /// For example `stop` or `length`.
    public var finishReason: String
    /// correct, wrong or unscorable; nil without a reference answer.
    public var verdict: String?

    public init(
        attempt: JobAttempt, ordinal: Int, checkpoint: Int64, example: Int64? = nil, prompt: String, text: String,
        tokenIDs: [Int32], tokenLogProbs: [Float]? = nil, steps: [Step] = [], answer: String? = nil,
        finishReason: String, verdict: String? = nil
    ) {
        self.attempt = attempt
        self.ordinal = ordinal
        self.checkpoint = checkpoint
        self.example = example
        self.prompt = prompt
        self.text = text
        self.tokenIDs = tokenIDs
        self.tokenLogProbs = tokenLogProbs
        self.steps = steps
        self.answer = answer
        self.finishReason = finishReason
        self.verdict = verdict
    }
}

/// Samples in the database.
public enum Samples {
    /// Rows of one statement: 13 values each, of the 65,535 that a statement may bind.
    private static let batchCount = 500

    /// Records samples in the transaction that completes their jobs.
    public static func record(_ samples: [NewSample], in session: some PostgresSession) async throws {
        for start in stride(from: 0, to: samples.count, by: batchCount) {
            let batch = samples[start..<min(start + batchCount, samples.count)]
            try await session.execute(insertion(of: batch).named("record samples"))
        }
    }

    private static func insertion(of samples: ArraySlice<NewSample>) throws -> PostgresQuery {
        var query = PostgresQuery.StringInterpolation(literalCapacity: 100 * samples.count, interpolationCount: 13)
        query.appendLiteral(
            """
            INSERT INTO hone.samples (job_id, fence, ordinal, checkpoint_id, example_id, prompt, text, token_ids,
                token_log_probs, steps, answer, finish_reason, verdict)
            VALUES
            """)
        for (index, sample) in samples.enumerated() {
            query.appendLiteral(index == 0 ? " (" : "), (")
            try query.append(sample)
        }
        query.appendLiteral(")")
        return PostgresQuery(stringInterpolation: query)
    }
}

extension PostgresQuery.StringInterpolation {
    fileprivate mutating func append(_ sample: NewSample) throws {
        appendInterpolation(sample.attempt.job)
        next(sample.attempt.fence)
        next(sample.ordinal)
        next(sample.checkpoint)
        next(sample.example)
        next(sample.prompt)
        next(sample.text)
        next(sample.tokenIDs)
        next(sample.tokenLogProbs)
        next(try PostgresJSON(encoding: sample.steps))
        next(sample.answer)
        next(sample.finishReason)
        next(sample.verdict)
    }

    private mutating func next(_ value: some PostgresEncodable) {
        appendLiteral(", ")
        appendInterpolation(value)
    }
}
