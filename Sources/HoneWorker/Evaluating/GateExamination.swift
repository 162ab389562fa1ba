import HoneCatalog
import HoneEvaluation
import HonePostgres
import HoneQueue

/// What a gate is about: the candidate, its evaluation, and what it is compared with.
struct GateSubject: Sendable {
    let candidate: Int64
    let evaluation: EvaluationRecord?
    /// What is served now, if anything is.
    let active: Int64?

    /// Looks everything up that the payload names; what does not exist, or does not belong together, is an error.
    init(_ payload: GatePayload, from pool: PostgresPool) async throws {
        guard try await Models.exists(payload.model, in: pool) else {
            throw WorkerError.notFound(
                noun: "model", name: payload.model, mend: "'hone model list' shows those that there are")
        }
        guard try await Checkpoints.find(payload.checkpoint, of: payload.model, in: pool) != nil else {
            throw WorkerError.notFound(
                noun: "checkpoint", name: "\(payload.model)@\(payload.checkpoint)",
                mend: "'hone model show \(payload.model)' lists those that there are")
        }
        candidate = payload.checkpoint
        active = try await Checkpoints.activeID(of: payload.model, in: pool)
        if active == candidate, payload.target != nil {
            throw WorkerError.payload(key: "checkpoint", fault: "is \(candidate), which is served already")
        }
        evaluation = try await Self.evaluation(payload, from: pool)
    }

    private static func evaluation(_ payload: GatePayload, from pool: PostgresPool) async throws -> EvaluationRecord? {
        guard let id = payload.evaluation else { return nil }
        guard let evaluation = try await Evaluations.find(id, in: pool) else {
            throw WorkerError.notFound(noun: "evaluation", name: "\(id)", mend: "run an evaluate job first")
        }
        guard evaluation.checkpoint == payload.checkpoint else {
            throw WorkerError.payload(
                key: "evaluation", fault: "is of checkpoint \(evaluation.checkpoint), not of \(payload.checkpoint)")
        }
        return evaluation
    }
}

/// Everything that a gate measures before it decides.
struct GateExamination: Sendable {
    private(set) var metrics: [String: Double] = [:]
    /// On the evaluation's examples, where no target is named.
    private(set) var comparison: PairedComparison?
    private(set) var target: SuiteFinding?
    private(set) var guards: [SuiteFinding] = []
    /// Answers of the active checkpoint to the evaluation's examples, to be kept for the next candidate.
    private(set) var answers: [NewSample] = []

    private let job: ClaimedJob
    private let context: JobContext
    private let maximumNewTokens: Int

    private struct Progress: Encodable {
        let suite: String
        let checkpoint: Int64
        let done: Int
        let total: Int
    }

    init(
        of subject: GateSubject, _ payload: GatePayload, job: ClaimedJob, _ resources: WorkerResources,
        _ context: JobContext
    ) async throws {
        self.job = job
        self.context = context
        maximumNewTokens = payload.maxNewTokens ?? EvaluateHandler.defaultNewTokens
        let comparesEvaluation = payload.target == nil && subject.active != nil
        if comparesEvaluation, let evaluation = subject.evaluation, let active = subject.active {
            try await compare(evaluation, with: active, resources)
        }
        // A first model has lost nothing yet, so only its target is measured.
        let suites = (payload.target.map { [$0] } ?? []) + (subject.active == nil ? [] : payload.guards ?? [])
        if !suites.isEmpty {
            let candidate = try await resources.checkpoints.load(subject.candidate, threads: resources.threads)
            var active: LoadedModel?
            if let id = subject.active { active = try await resources.checkpoints.load(id, threads: resources.threads) }
            if let suite = payload.target { target = try await measure(suite, margin: nil, candidate, active) }
            for suite in suites.dropFirst(payload.target == nil ? 0 : 1) {
                let margin = suite.margin ?? PairedComparison.defaultMargin
                guards.append(try await measure(suite, margin: margin, candidate, active))
            }
        }
        metrics = (subject.evaluation?.numbers ?? [:]).merging(ownNumbers) { given, _ in given }
    }

    /// The target's metrics, and how much longer than the active checkpoint's its answers are.
    private var ownNumbers: [String: Double] {
        guard let target else { return [:] }
        var numbers = target.numbers
        if let active = target.active, active.meanTokens > 0 {
            numbers["length_ratio"] = target.candidate.meanTokens / active.meanTokens
        }
        return numbers
    }

    /// Compares on the candidate's examples; what the active checkpoint has not answered yet, it answers now.
    private mutating func compare(
        _ evaluation: EvaluationRecord, with active: Int64, _ resources: WorkerResources
    ) async throws {
        let outcomes = try await PairedOutcomes(of: evaluation, active: active, from: context.pool)
        var activeOutcomes = outcomes.active
        if !outcomes.unanswered.isEmpty {
            let examples = try await CutExample.find(outcomes.unanswered, in: context.pool)
            let model = try await resources.checkpoints.load(active, threads: resources.threads)
            let done = try await answer(examples, with: model, suite: "evaluation")
            activeOutcomes.merge(done.evaluation.outcomes) { $1 }
            answers = done.rows(of: examples, job: job, checkpoint: active)
        }
        comparison = PairedComparison(candidate: outcomes.candidate, baseline: activeOutcomes)
    }

    private func measure(
        _ suite: GateSuite, margin: Double?, _ candidate: LoadedModel, _ active: LoadedModel?
    ) async throws -> SuiteFinding {
        let prompts = try await GatePrompts(of: suite, job: job.id, from: context.pool)
        let done = try await answer(prompts.examples, with: candidate, suite: suite.name)
        var served: CheckpointEvaluation?
        if let active { served = try await answer(prompts.examples, with: active, suite: suite.name) }
        return SuiteFinding(suite, margin: margin, prompts, candidate: done, active: served)
    }

    private func answer(
        _ examples: [CutExample], with model: LoadedModel, suite: String
    ) async throws -> CheckpointEvaluation {
        try await CheckpointEvaluation(of: examples, with: model, maximumNewTokens: maximumNewTokens) { doneCount in
            // Given back, the job begins anew elsewhere with the same prompts.
            if context.isDraining { throw CancellationError() }
            let progress = Progress(
                suite: suite, checkpoint: model.checkpoint ?? 0, done: doneCount, total: examples.count)
            try await context.report(PostgresJSON(encoding: progress), for: job)
        }
    }
}
