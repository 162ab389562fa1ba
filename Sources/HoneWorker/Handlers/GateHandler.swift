import HoneEvaluation
import HonePostgres
import HoneQueue

/// `gate`: decides whether a candidate may be served, and records the decision with its evidence. A gate that does not
/// open fails its job for good, by which what depends on it is cancelled.
struct GateHandler: JobHandler {
    static let kind = "gate"

    let resources: WorkerResources

    private struct Result: Encodable {
        let passed: Bool
        let reason: String
        let checkpoint: Int64
    }

    private struct Evidence: Encodable {
        let evaluation: Int64
        let metrics: [String: Double]
        let require: [String: Double]
        let comparison: PairedComparison?
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(GatePayload.self, of: job)
            try await decide(job, payload, context)
        }
    }

    private func decide(_ job: ClaimedJob, _ payload: GatePayload, _ context: JobContext) async throws {
        let evaluation = try await EvaluationRecord.find(payload.evaluation, in: context.pool)
        guard evaluation.checkpoint == payload.checkpoint else {
            throw WorkerError.payload(
                key: "evaluation", fault: "is of checkpoint \(evaluation.checkpoint), not of \(payload.checkpoint)")
        }
        let active = try await activeCheckpoint(of: payload.model, context)
        var answers: [SampleRow] = []
        var comparison: PairedComparison?
        if let active {
            (comparison, answers) = try await compare(job, evaluation, active, context)
        }
        let thresholds = payload.require ?? [:]
        let decision = GateRule(thresholds: thresholds).decide(metrics: evaluation.numbers, comparison: comparison)
        let evidence = try PostgresJSON(
            encoding: Evidence(
                evaluation: evaluation.id, metrics: evaluation.numbers, require: thresholds, comparison: comparison))
        let record = GateRecord(payload: payload, active: active, decision: decision, evidence: evidence)
        guard decision.isPassed else {
            try await record.insertRefusal(for: job, in: context.pool)
            throw WorkerError.gateNotPassed(reason: decision.reason)
        }
        let result = Result(passed: true, reason: decision.reason, checkpoint: payload.checkpoint)
        try await context.complete(job, result: PostgresJSON(encoding: result)) { transaction in
            try await SampleRow.insert(answers, in: transaction)
            try await record.insert(for: job, in: transaction)
        }
    }

    private func activeCheckpoint(of model: String, _ context: JobContext) async throws -> Int64? {
        try await context.pool.query(
            PostgresQuery("SELECT checkpoint_id FROM hone.active_checkpoints WHERE model = \(model)")
                .named("find the active checkpoint")
        ).first?.decode("checkpoint_id")
    }

    /// Compares on the candidate's examples; what the active checkpoint has not answered yet, it answers now.
    private func compare(
        _ job: ClaimedJob, _ evaluation: EvaluationRecord, _ active: Int64, _ context: JobContext
    ) async throws -> (PairedComparison, [SampleRow]) {
        let outcomes = try await PairedOutcomes(of: evaluation, active: active, from: context.pool)
        var activeOutcomes = outcomes.active
        var answers: [SampleRow] = []
        if !outcomes.unanswered.isEmpty {
            let examples = try await CutExample.find(outcomes.unanswered, from: context.pool)
            let model = try await resources.checkpoints.load(active, threads: resources.threads)
            let done = try await CheckpointEvaluation(
                of: examples, with: model, maximumNewTokens: EvaluateHandler.defaultNewTokens
            ) { _ in }
            activeOutcomes.merge(done.evaluation.outcomes) { $1 }
            answers = done.rows(of: examples, job: job, checkpoint: active)
        }
        return (PairedComparison(candidate: outcomes.candidate, baseline: activeOutcomes), answers)
    }
}

/// A row of `hone.gate_decisions`.
private struct GateRecord {
    let payload: GatePayload
    let active: Int64?
    let decision: GateRule.Decision
    let evidence: PostgresJSON

    func insert(for job: ClaimedJob, in transaction: PostgresConnection) async throws {
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.gate_decisions
                    (model_id, candidate_id, active_id, passed, evidence, reason, job_id)
                SELECT m.id, \(payload.checkpoint), \(active), \(decision.isPassed), \(evidence), \(decision.reason),
                    \(job.id)
                FROM hone.models m WHERE m.name = \(payload.model)
                """
            ).named("record a gate's decision"))
    }

    /// A refusal is kept too, under the lease of the attempt that it ends.
    func insertRefusal(for job: ClaimedJob, in pool: PostgresPool) async throws {
        try await pool.withTransaction { transaction in
            try await transaction.query("SELECT hone.guard(\(job.id), \(job.fence))")
            try await insert(for: job, in: transaction)
        }
    }
}
