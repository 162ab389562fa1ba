import HoneCatalog
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
        guard let evaluation = try await Evaluations.find(payload.evaluation, in: context.pool) else {
            throw WorkerError.notFound(
                noun: "evaluation", name: "\(payload.evaluation)", mend: "run an evaluate job first")
        }
        guard evaluation.checkpoint == payload.checkpoint else {
            throw WorkerError.payload(
                key: "evaluation", fault: "is of checkpoint \(evaluation.checkpoint), not of \(payload.checkpoint)")
        }
        let active = try await Checkpoints.activeID(of: payload.model, in: context.pool)
        var answers: [NewSample] = []
        var comparison: PairedComparison?
        if let active {
            (comparison, answers) = try await compare(job, evaluation, active, context)
        }
        let thresholds = payload.require ?? [:]
        let decision = GateRule(thresholds: thresholds).decide(metrics: evaluation.numbers, comparison: comparison)
        let evidence = try PostgresJSON(
            encoding: Evidence(
                evaluation: evaluation.id, metrics: evaluation.numbers, require: thresholds, comparison: comparison))
        let record = GateDecision(
            model: payload.model, candidate: payload.checkpoint, active: active, passed: decision.isPassed,
            evidence: evidence, reason: decision.reason, job: job.id)
        guard decision.isPassed else {
            try await Promotions.record(record, ending: JobAttempt(job), using: context.pool)
            throw WorkerError.gateNotPassed(reason: decision.reason)
        }
        let result = Result(passed: true, reason: decision.reason, checkpoint: payload.checkpoint)
        try await context.complete(job, result: PostgresJSON(encoding: result)) { transaction in
            try await Samples.record(answers, in: transaction)
            try await Promotions.record(record, in: transaction)
        }
    }

    /// Compares on the candidate's examples; what the active checkpoint has not answered yet, it answers now.
    private func compare(
        _ job: ClaimedJob, _ evaluation: EvaluationRecord, _ active: Int64, _ context: JobContext
    ) async throws -> (PairedComparison, [NewSample]) {
        let outcomes = try await PairedOutcomes(of: evaluation, active: active, from: context.pool)
        var activeOutcomes = outcomes.active
        var answers: [NewSample] = []
        if !outcomes.unanswered.isEmpty {
            let examples = try await CutExample.find(outcomes.unanswered, in: context.pool)
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
