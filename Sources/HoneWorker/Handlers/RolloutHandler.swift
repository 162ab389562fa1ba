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

    /// Samples one chunk after the other, so that a chunk has the same bits whatever it is claimed with, and completes
    /// them together: what a completion costs is forcing it to disk. A chunk that cannot be sampled fails alone.
    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        var sampled: [(job: ClaimedJob, chunk: SampledChunk?)] = []
        var failure: (any Error)?
        for job in jobs {
            do {
                sampled.append((job, try await sample(job, context)))
            } catch is CancellationError where !context.isWanted(job) && !Task.isCancelled {
                continue
            } catch  where error is CancellationError || (error as? PostgresError)?.isTransient == true {
                failure = error
                break
            } catch {
                // What is wrong with one chunk uses up no attempt of those that it was claimed with.
                try await context.fail(job, error.failure)
            }
        }
        try await context.complete(
            sampled.map(\.job),
            producing: { transaction, held in
                try await Self.record(sampled.map(\.chunk), of: held, in: transaction)
            })
        if let failure { throw failure }
    }

    /// Records what was sampled for the jobs that this worker still holds.
    private static func record(
        _ chunks: [SampledChunk?], of held: [ClaimedJob], in transaction: PostgresConnection
    ) async throws -> [PostgresJSON] {
        let heldIDs = Set(held.map(\.id))
        let kept = chunks.compactMap(\.self).filter { heldIDs.contains($0.job) }
        let areWanted = try await SampledChunk.record(kept, in: transaction)
        let counts = zip(kept, areWanted).map { chunk, isWanted in (chunk.job, isWanted ? chunk.rollouts.count : 0) }
        let countOfJob = Dictionary(uniqueKeysWithValues: counts)
        return try held.map { try PostgresJSON(encoding: Result(answers: countOfJob[$0.id] ?? 0)) }
    }

    /// Nil where nobody wants it any more.
    private func sample(_ job: ClaimedJob, _ context: JobContext) async throws -> SampledChunk? {
        guard let task = try await RolloutTask.find(JobAttempt(job), in: context.pool) else { return nil }
        return try await sample(task) { context.isWanted(job) }
    }

    /// The answers of a chunk, verified, and what that took without loading the policy.
    func sample(_ task: RolloutTask, isWanted: @escaping @Sendable () -> Bool) async throws -> SampledChunk {
        let ask: RolloutAsk = try task.asked.decode()
        let model = try await resources.policies.policy(of: task, threads: ask.sampling.threads)
        let started = ContinuousClock.now
        let rollouts = try await sample(ask, model, isWanted: isWanted)
        return SampledChunk(task: task, rollouts: rollouts, seconds: (ContinuousClock.now - started) / .seconds(1))
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
