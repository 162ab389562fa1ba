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

    /// What was sampled for a job; nil where nobody wants it any more.
    private struct Sampled {
        let job: ClaimedJob
        let chunk: (task: RolloutTask, rollouts: [SampledRollout], seconds: Double)?

        func record(in transaction: PostgresConnection) async throws -> PostgresJSON {
            guard let chunk,
                try await chunk.task.record(chunk.rollouts, seconds: chunk.seconds, in: transaction)
            else { return try PostgresJSON(encoding: Result(answers: 0)) }
            return try PostgresJSON(encoding: Result(answers: chunk.rollouts.count))
        }
    }

    /// Samples one chunk after the other, so that a chunk has the same bits whatever it is claimed with, and completes
    /// them together: what a completion costs is forcing it to disk.
    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        var sampled: [Sampled] = []
        var failure: (any Error)?
        for job in jobs {
            do {
                sampled.append(try await sample(job, context))
            } catch is CancellationError where !context.isWanted(job) && !Task.isCancelled {
                continue
            } catch {
                failure = error
                break
            }
        }
        try await context.complete(
            sampled.map(\.job),
            producing: { transaction, held in
                let wanted = Set(held.map(\.id))
                var results: [PostgresJSON] = []
                for one in sampled where wanted.contains(one.job.id) {
                    results.append(try await one.record(in: transaction))
                }
                return results
            })
        if let failure { throw failure }
    }

    private func sample(_ job: ClaimedJob, _ context: JobContext) async throws -> Sampled {
        guard let task = try await RolloutTask.find(JobAttempt(job), in: context.pool) else {
            return Sampled(job: job, chunk: nil)
        }
        let (rollouts, seconds) = try await sample(task) { context.isWanted(job) }
        return Sampled(job: job, chunk: (task, rollouts, seconds))
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
