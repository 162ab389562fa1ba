import HoneInference
import HonePostgres
import HoneProblems
import HoneQueue

/// One generated answer on its way into `hone.samples`.
struct SampleRow: Encodable, Sendable {
    let jobID: Int64
    let fence: Int64
    let ordinal: Int
    let checkpointID: Int64
    let exampleID: Int64?
    let prompt: String
    let text: String
    let tokenIDs: [Int32]
    /// nil when any of them is not a number, which JSON cannot say.
    let tokenLogProbs: [Float]?
    let steps: [Step]
    let answer: String?
    let finishReason: FinishReason
    /// nil without a reference answer.
    let verdict: AnswerVerdict?

    struct Step: Encodable, Sendable {
        let text: String
        let ok: Bool?
        let reason: String?

        init(_ step: StepVerdict) {
            text = step.text.storable
            reason = step.reason?.storable
            ok =
                switch step.status {
                case .valid: true
                case .invalid: false
                case .unparsable: nil
                }
        }
    }

    /// The verdict is kept if `isScored`: if there was a reference answer.
    init(
        job: ClaimedJob, ordinal: Int, checkpoint: Int64, example: Int64?, prompt: String, result: GenerationResult,
        verdict: SolutionVerdict, isScored: Bool
    ) {
        jobID = job.id
        fence = job.fence
        self.ordinal = ordinal
        checkpointID = checkpoint
        exampleID = example
        self.prompt = prompt
        text = result.text.storable
        tokenIDs = result.tokens
        tokenLogProbs = result.logProbs.allSatisfy(\.isFinite) ? result.logProbs : nil
        steps = verdict.steps.map(Step.init)
        answer = verdict.answer?.storable
        finishReason = result.finishReason
        self.verdict = isScored ? verdict.verdict : nil
    }

    enum CodingKeys: String, CodingKey {
        case fence, ordinal, prompt, text, steps, answer, verdict
        case jobID = "job_id"
        case checkpointID = "checkpoint_id"
        case exampleID = "example_id"
        case tokenIDs = "token_ids"
        case tokenLogProbs = "token_log_probs"
        case finishReason = "finish_reason"
    }

    private static let rowsPerStatement = 500

    /// Adds rows; part of the transaction that completes their jobs.
    static func insert(_ rows: [SampleRow], in transaction: PostgresConnection) async throws {
        for start in stride(from: 0, to: rows.count, by: rowsPerStatement) {
            let slice = Array(rows[start..<min(rows.count, start + rowsPerStatement)])
            try await transaction.execute(
                PostgresQuery(
                    """
                    INSERT INTO hone.samples (job_id, fence, ordinal, checkpoint_id, example_id, prompt, text,
                        token_ids, token_log_probs, steps, answer, finish_reason, verdict)
                    SELECT * FROM jsonb_to_recordset(\(try PostgresJSON(encoding: slice))) AS s(
                        job_id bigint, fence bigint, ordinal integer, checkpoint_id bigint, example_id bigint,
                        prompt text, text text, token_ids integer[], token_log_probs real[], steps jsonb, answer text,
                        finish_reason text, verdict text)
                    """
                ).named("add samples"))
        }
    }
}

extension String {
    /// The text as PostgreSQL can keep it, which takes no U+0000; an untrained model may well write one.
    var storable: String {
        contains("\0") ? replacing("\0", with: "\u{FFFD}") : self
    }
}
