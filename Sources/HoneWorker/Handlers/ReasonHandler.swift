import HoneCatalog
import HoneConcurrency
import HoneInference
import HonePostgres
import HoneQueue

/// `reason`: answers prompts with the active checkpoint of their model, or its canary. All jobs of a claim that one
/// checkpoint answers go through one generation loop; a job that cannot be answered fails alone, and one that is
/// cancelled leaves the loop.
struct ReasonHandler: JobHandler {
    static let kind = "reason"

    let batchLimit = 128
    let resources: WorkerResources

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        let questions = try await read(jobs, context)
        for (model, group) in Dictionary(grouping: questions, by: \.payload.model) {
            do {
                let serving = try await resources.served.serving(model)
                let shares = Dictionary(grouping: group) { serving.model(forJob: $0.job.id).share }
                for share in shares.values {
                    try await answer(share, serving.model(forJob: share[0].job.id), context)
                }
            } catch let error as WorkerError {
                let failure = try await failure(by: error, of: model, context)
                for question in group { try await context.fail(question.job, failure) }
            } catch let error as EngineFailure {
                for question in group { try await context.fail(question.job, error.jobFailure) }
            }
        }
    }

    /// A model that this worker has not may be one that another worker's servers answer for: the job is left to it.
    private func failure(by error: WorkerError, of model: String?, _ context: JobContext) async throws -> JobFailure {
        guard let model, try await RemoteFleet.serves(model, in: context.pool) else { return error.failure }
        return .postponed("\(error); servers of another worker answer for it", for: .seconds(2))
    }

    /// Reads the payloads; a job with a bad one fails at once.
    private func read(_ jobs: [ClaimedJob], _ context: JobContext) async throws -> [ReasonQuestion] {
        var questions: [ReasonQuestion] = []
        for job in jobs {
            do {
                questions.append(
                    ReasonQuestion(job: job, payload: try await context.payload(ReasonPayload.self, of: job)))
            } catch let error as WorkerError {
                try await context.fail(job, error.failure)
            }
        }
        let unknown = try await CutExample.unknown(
            among: questions.compactMap(\.payload.exampleID), in: context.pool)
        for question in questions {
            guard let example = question.payload.exampleID, unknown.contains(example) else { continue }
            let error = WorkerError.payload(key: "example_id", fault: "is \(example), and there is no such example")
            try await context.fail(question.job, error.failure)
        }
        return questions.filter { context.isWanted($0.job) }
    }

    private func answer(_ questions: [ReasonQuestion], _ served: ServedModel, _ context: JobContext) async throws {
        var asked: [(question: ReasonQuestion, requests: [EngineRequest])] = []
        for question in questions {
            do {
                let requests = try question.requests(to: served)
                for request in requests { try served.engine.check(request) }
                if let routing = question.payload.routing { try await served.check(routing.plan) }
                asked.append((question, requests))
            } catch {
                try await context.fail(question.job, .permanent("\(error)"))
            }
        }
        // Those of one plan are answered together.
        for group in Dictionary(grouping: asked, by: { $0.question.payload.routing }).values {
            try await answer(group, served, context)
        }
    }

    private func answer(
        _ asked: [(question: ReasonQuestion, requests: [EngineRequest])], _ served: ServedModel,
        _ context: JobContext
    ) async throws {
        let jobs = asked.flatMap { item in item.requests.map { _ in item.question.job } }
        let outcomes = try await served.outcomes(
            of: asked.flatMap { item in item.requests.map { (item.question.payload.question, $0) } },
            plan: asked[0].question.payload.routing?.plan, isWanted: { context.isWanted(jobs[$0]) })
        let answered = try await attribute(
            outcomes, of: asked.map { ($0.question, $0.requests.count) }, served, context)
        // A verifier in a process of its own is waited for.
        let answers = await offload {
            answered.filter { context.isWanted($0.0.job) }.map { question, attributed in
                let check = resources.answerCheck(within: question.payload.verifierLimit)
                return ReasonAnswer(question, attributed, model: served.name, check: check)
            }
        }
        try await commit(answers.filter { context.isWanted($0.job) }, context)
    }

    /// Finds the checkpoints that the answers are of. A job of which one answer is missing or broken fails alone.
    private func attribute(
        _ outcomes: [EngineOutcome], of asked: [(question: ReasonQuestion, count: Int)], _ served: ServedModel,
        _ context: JobContext
    ) async throws -> [(ReasonQuestion, [AttributedAnswer])] {
        var answered: [(ReasonQuestion, [AttributedAnswer])] = []
        var rest = outcomes[...]
        for (question, count) in asked {
            let own = rest.prefix(count)
            rest = rest.dropFirst(count)
            guard context.isWanted(question.job) else { continue }
            do {
                var attributed: [AttributedAnswer] = []
                for outcome in own { attributed.append(try await served.attribute(outcome.get())) }
                answered.append((question, attributed))
            } catch let failure as EngineFailure {
                try await context.fail(question.job, failure.jobFailure)
            }
        }
        return answered
    }

    /// Samples, results and completions in one transaction.
    private func commit(_ answers: [ReasonAnswer], _ context: JobContext) async throws {
        let results = try answers.map { ($0.job, try PostgresJSON(encoding: $0.result)) }
        try await context.complete(results) { transaction, held in
            let ids = Set(held.map(\.id))
            let answers = answers.filter { ids.contains($0.job.id) }
            try await Samples.record(answers.flatMap(\.samples), in: transaction)
            try await Samples.record(answers.flatMap(\.routes), in: transaction)
        }
    }
}

extension EngineFailure {
    /// What the failure means for a job.
    var jobFailure: JobFailure {
        switch self {
        case .rejected(let reason): .permanent(reason)
        case .failed(let reason), .aborted(let reason): .retryable(reason)
        case .unavailable(let reason, let delay): .postponed(reason, for: delay)
        }
    }
}
