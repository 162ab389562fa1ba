import HoneCatalog
import HoneConcurrency
import HoneInference
import HonePostgres
import HoneQueue
import HoneTraining

/// `rollout`: samples the answers of one chunk for a training in progress, by the version of its policy that the chunk
/// names, and verifies them. The same version gives the same answers on every worker.
struct RolloutHandler: JobHandler {
    static let kind = "rollout"

    let resources: WorkerResources

    private struct Result: Encodable {
        /// 0 where nobody wanted them any more.
        let answers: Int
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            guard let task = try await RolloutTask.find(JobAttempt(job), in: context.pool) else {
                try await context.complete(job, result: PostgresJSON(encoding: Result(answers: 0)))
                continue
            }
            let chunk = try await sample(task) { context.isWanted(job) }
            try await context.complete(
                job,
                producing: { transaction in
                    let isWanted = try await task.record(chunk.rollouts, seconds: chunk.seconds, in: transaction)
                    return try PostgresJSON(encoding: Result(answers: isWanted ? chunk.rollouts.count : 0))
                })
        }
    }

    /// The answers of a chunk, verified, and what that took without loading the policy.
    func sample(
        _ task: RolloutTask, isWanted: @escaping @Sendable () -> Bool
    ) async throws -> (rollouts: [SampledRollout], seconds: Double) {
        let ask: RolloutAsk = try task.asked.decode()
        let model = try await resources.policies.policy(of: task, threads: ask.sampling.threads)
        let started = ContinuousClock.now
        let rollouts = try await sample(ask, model, isWanted: isWanted)
        return (rollouts, (ContinuousClock.now - started) / .seconds(1))
    }

    private func sample(
        _ ask: RolloutAsk, _ model: LoadedModel, isWanted: @escaping @Sendable () -> Bool
    ) async throws -> [SampledRollout] {
        let requests = ask.sampling.requests(ask.questions.map(\.group))
        let results = try await model.engine.generate(requests, isWanted: { _ in isWanted() })
        guard isWanted() else { throw CancellationError() }
        let questions = ask.questions.flatMap { question in question.group.seeds.map { _ in question } }
        let check = resources.answerCheck(within: ask.verifierLimit)
        // A verifier in a process of its own is waited for.
        return await offload {
            zip(questions, results).enumerated().map { number, pair in
                let (question, result) = pair
                let verdict = check.verdict(on: result.text, prompt: question.prompt, references: question.references)
                return SampledRollout(
                    ordinal: ask.first + number, prompt: question.group.prompt, group: question.group.group,
                    tokens: result.tokens, logProbs: result.logProbs, finishReason: result.finishReason.rawValue,
                    reward: verdict.reward)
            }
        }
    }
}
