import HoneCatalog
import HoneEvaluation
import HonePostgres
import HoneQueue

/// `gate`: decides whether a candidate may be served, and records the decision with its rule and evidence. A gate that
/// does not open puts the candidate in quarantine and fails its job for good, by which what depends on it is cancelled.
struct GateHandler: JobHandler {
    static let kind = "gate"

    let resources: WorkerResources

    private struct Result: Encodable {
        let passed: Bool
        let reason: String
        let checkpoint: Int64
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(GatePayload.self, of: job)
            let subject = try await GateSubject(payload, from: context.pool)
            let examination = try await GateExamination(of: subject, payload, job: job, resources, context)
            try await decide(job, payload, subject, examination, context)
        }
    }

    private func decide(
        _ job: ClaimedJob, _ payload: GatePayload, _ subject: GateSubject, _ examination: GateExamination,
        _ context: JobContext
    ) async throws {
        let decision = GateRule(thresholds: payload.require ?? [:], budgets: payload.budgets ?? [:]).decide(
            metrics: examination.metrics, comparison: examination.comparison, target: examination.target?.comparison,
            guards: examination.guards.compactMap(GateRule.Guard.init))
        var record = GateDecision(
            model: payload.model, candidate: payload.checkpoint, active: subject.active, passed: decision.isPassed,
            evidence: try PostgresJSON(encoding: GateEvidence(subject, payload, examination)), reason: decision.reason,
            job: job.id)
        record.rule = try PostgresJSON(encoding: GateRuleRecord(payload))
        record.codeVersion = resources.codeVersion
        guard decision.isPassed else {
            try await Promotions.record(record, ending: JobAttempt(job), using: context.pool)
            throw WorkerError.gateNotPassed(reason: decision.reason)
        }
        let result = Result(passed: true, reason: decision.reason, checkpoint: payload.checkpoint)
        try await context.complete(job, result: PostgresJSON(encoding: result)) { [record] transaction in
            try await Samples.record(examination.answers, in: transaction)
            try await Promotions.record(record, in: transaction)
        }
    }
}

extension GateRule.Guard {
    /// Nil for a suite that nothing was compared on.
    fileprivate init?(_ finding: SuiteFinding) {
        guard let comparison = finding.comparison, let margin = finding.margin else { return nil }
        self.init(name: finding.name, margin: margin, comparison: comparison)
    }
}

/// What a gate found, as its decision keeps it.
private struct GateEvidence: Encodable {
    let evaluation: Int64?
    let metrics: [String: Double]
    let require: [String: Double]
    /// On the target, or on the evaluation's examples where there is none.
    let comparison: PairedComparison?
    let target: SuiteFinding?
    let guards: [SuiteFinding]

    init(_ subject: GateSubject, _ payload: GatePayload, _ examination: GateExamination) {
        evaluation = subject.evaluation?.id
        metrics = examination.metrics
        require = payload.require ?? [:]
        comparison = examination.comparison ?? examination.target?.comparison
        target = examination.target
        guards = examination.guards
    }
}

/// What a gate was asked for, as its decision keeps it.
private struct GateRuleRecord: Encodable {
    let require: [String: Double]
    let budgets: [String: Double]
    /// What the candidate had to be on the target, or on its evaluation's examples.
    let target: String
    let guards: [String: Double]
    let confidence = 0.95

    init(_ payload: GatePayload) {
        require = payload.require ?? [:]
        budgets = payload.budgets ?? [:]
        target = payload.target.map { "better on \($0.name)" } ?? "right as often on the evaluation"
        guards = Dictionary(
            (payload.guards ?? []).map { ($0.name, $0.margin ?? PairedComparison.defaultMargin) },
            uniquingKeysWith: { min($0, $1) })
    }
}
