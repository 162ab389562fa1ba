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
                let shares = Dictionary(grouping: group) { serving.model(forJob: $0.job.id).checkpoint }
                for share in shares.values {
                    try await answer(share, serving.model(forJob: share[0].job.id), context)
                }
            } catch let error as WorkerError {
                for question in group { try await context.fail(question.job, error.failure) }
            }
        }
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
        var asked: [(question: ReasonQuestion, requests: [GenerationRequest])] = []
        for question in questions {
            do {
                let requests = try question.requests(to: served)
                for request in requests { try served.model.engine.check(request) }
                if let routing = question.payload.routing { try await served.model.engine.check(routing.plan) }
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
        _ asked: [(question: ReasonQuestion, requests: [GenerationRequest])], _ served: ServedModel,
        _ context: JobContext
    ) async throws {
        let jobs = asked.flatMap { item in item.requests.map { _ in item.question.job } }
        var results = try await served.model.answer(
            asked.flatMap { item in item.requests.map { (item.question.payload.prompt, $0) } },
            plan: asked[0].question.payload.routing?.plan, isWanted: { context.isWanted(jobs[$0]) })[...]
        let answered = asked.map { item in
            defer { results = results.dropFirst(item.requests.count) }
            return (item.question, Array(results.prefix(item.requests.count)))
        }
        for (question, results) in answered where context.isWanted(question.job) {
            guard let broken = results.first(where: { $0.result.finishReason == .error }) else { continue }
            try await context.fail(question.job, .permanent(served.fault(after: broken.result.tokens.count)))
        }
        // A verifier in a process of its own is waited for.
        let answers = await offload {
            answered.filter { context.isWanted($0.0.job) }.map { question, results in
                let check = resources.answerCheck(within: question.payload.verifierLimit)
                return ReasonAnswer(question, results, served: served, check: check)
            }
        }
        try await commit(answers.filter { context.isWanted($0.job) }, context)
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

extension WorkerError {
    /// What the error means for a job.
    var failure: JobFailure { isPermanent ? .permanent(description) : .retryable(description) }
}
