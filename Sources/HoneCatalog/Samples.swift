public import HonePostgres

/// One answer of a checkpoint, to be recorded with the completion of its job.
public struct NewSample: Encodable, Sendable {
    /// One line of its reasoning.
    public struct Step: Encodable, Sendable {
        let text: String
        let ok: Bool?
        let reason: String?

        /// `ok` says whether the line holds; nil if it cannot be checked.
        public init(text: String, ok: Bool?, reason: String? = nil) {
            self.text = text
            self.ok = ok
            self.reason = reason
        }
    }

    let jobID: Int64
    let fence: Int64
    let ordinal: Int
    let checkpointID: Int64
    let exampleID: Int64?
    let prompt: String
    public let text: String
    let tokenIDs: [Int32]
    let tokenLogProbs: [Float]?
    let hasTokens: Bool
    let steps: [Step]
    public let answer: String?
    let finishReason: String
    public let verdict: String?

    /// - Parameters:
    ///   - attempt: whose answer it is.
    ///   - ordinal: its place among the job's samples, from 0.
    ///   - checkpoint: what answered.
    ///   - example: what the prompt is of, if it is of a dataset.
    ///   - prompt: the question.
    ///   - text: the whole answer.
    ///   - tokenIDs: the answer as tokens.
    ///   - tokenLogProbs: natural logarithms, one a token and all of them finite, which JSON demands.
    ///   - hasTokens: whether the tokens are what the model wrote; false where a server gave the text alone.
    ///   - steps: the lines of its reasoning.
    ///   - answer: the final answer, if there is one.
    ///   - finishReason: for example `stop` or `length`.
    ///   - verdict: correct, wrong or unscorable; nil without a reference answer.
    public init(
        attempt: JobAttempt, ordinal: Int, checkpoint: Int64, example: Int64? = nil, prompt: String, text: String,
        tokenIDs: [Int32], tokenLogProbs: [Float]?, hasTokens: Bool = true, steps: [Step], answer: String?,
        finishReason: String,
        verdict: String?
    ) {
        jobID = attempt.job
        fence = attempt.fence
        self.ordinal = ordinal
        checkpointID = checkpoint
        exampleID = example
        self.prompt = prompt
        self.text = text
        self.tokenIDs = tokenIDs
        self.tokenLogProbs = tokenLogProbs
        self.hasTokens = hasTokens
        self.steps = steps
        self.answer = answer
        self.finishReason = finishReason
        self.verdict = verdict
    }

    enum CodingKeys: String, CodingKey {
        case fence, ordinal, prompt, text, steps, answer, verdict
        case jobID = "job_id"
        case checkpointID = "checkpoint_id"
        case exampleID = "example_id"
        case tokenIDs = "token_ids"
        case tokenLogProbs = "token_log_probs"
        case hasTokens = "has_tokens"
        case finishReason = "finish_reason"
    }
}

/// Samples in the database.
public enum Samples {
    private static let rowsPerStatement = 500

    /// Records samples in the transaction that completes their jobs.
    public static func record(_ samples: [NewSample], in transaction: PostgresConnection) async throws {
        for start in stride(from: 0, to: samples.count, by: rowsPerStatement) {
            let slice = Array(samples[start..<min(samples.count, start + rowsPerStatement)])
            try await transaction.execute(
                PostgresQuery(
                    """
                    INSERT INTO hone.samples (job_id, fence, ordinal, checkpoint_id, example_id, prompt, text,
                        token_ids, token_log_probs, has_tokens, steps, answer, finish_reason, verdict)
                    SELECT * FROM jsonb_to_recordset(\(try PostgresJSON(encoding: slice))) AS s(
                        job_id bigint, fence bigint, ordinal integer, checkpoint_id bigint, example_id bigint,
                        prompt text, text text, token_ids integer[], token_log_probs real[], has_tokens boolean,
                        steps jsonb, answer text, finish_reason text, verdict text)
                    """
                ).named("record samples"))
        }
    }
}
