import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTensor
import HoneTraining
import Logging

/// A training's side of roll-outs through the queue: publishes the policy, asks for answers ahead, waits for them and
/// lends its own worker to them meanwhile.
///
/// The answers of step k are those of the version max(0, k - staleness) whoever samples them, so a run ends with the
/// same bits on any number of workers, whichever of them die.
struct RolloutFleet: Sendable {
    let job: ClaimedJob
    let context: JobContext
    let resources: WorkerResources
    let settings: RolloutSettings
    let configuration: PPOConfiguration
    let verifierLimit: Int?
    let judge: AnswerJudge
    /// As the policy sees them.
    let prompts: [String]
    private let news: JobNews
    private let batches: RolloutBatches

    /// What all versions of the policy have in common: their files beside the weights, in the store.
    struct Setting: Sendable {
        fileprivate let files: [CheckpointFile]
    }

    init(
        _ start: TrainingStart<TrainPPOPayload>, resources: WorkerResources, judge: AnswerJudge, prompts: [String]
    ) {
        job = start.job
        context = start.context
        self.resources = resources
        settings = start.payload.rollouts
        configuration = start.payload.effective
        verifierLimit = start.payload.reward.verifierLimit
        self.judge = judge
        self.prompts = prompts
        news = context.news(for: job)
        batches = RolloutBatches(of: job.id)
    }

    /// Says how old answers may be, and asks again for what was cancelled together with an earlier attempt.
    func open(_ run: TrainingRun<PPOTrainer>) async throws -> Setting {
        try await write { try await batches.plan(maximumStaleness: settings.staleness, in: $0) }
        return try await ScratchDirectory.with("policy-\(job.id)") { directory in
            try await run.with { try $0.writePolicySetting(to: directory) }
            return Setting(files: try await resources.store.put(directory: directory))
        }
    }

    /// One step of the training, on answers from the fleet.
    func advance(_ run: isolated TrainingRun<PPOTrainer>, in setting: Setting) async throws -> PPOStepReport {
        let step = try run.with { $0.step }
        let started = ContinuousClock.now
        try await prepare(step, run, setting)
        let chunks = try await waitForChunks(ofStep: step)
        let (version, sampled) = try await write { transaction in
            // Every attempt takes the same, so this need not be on disk before the training goes on.
            try await transaction.query("SELECT set_config('synchronous_commit', 'off', true)")
            return try await batches.take(step: step, in: transaction)
        }
        try await sayWhatFailed(chunks, step: step, answerCount: sampled.count)
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        return try run.with { trainer in
            let rollouts = sampled.map { trainer.rollout($0, version: version) }
            var report = try trainer.advance(on: rollouts, samplingSeconds: seconds)
            report.samplerSeconds = chunks.compactMap(\.seconds).reduce(0, +)
            return report
        }
    }

    /// Drops what the training had sampled, at its end.
    func close() async throws {
        try await write { transaction in
            for weights in try await batches.close(in: transaction) { try resources.store.remove(weights) }
        }
    }

    // MARK: Asking

    /// Publishes the policy as the version `step` where answers are to come from it, and asks for the batches up to
    /// `staleness` steps ahead that nobody has asked for.
    private func prepare(
        _ step: Int, _ run: isolated TrainingRun<PPOTrainer>, _ setting: Setting
    ) async throws {
        let ahead = step..<min(step + settings.staleness + 1, configuration.steps)
        let isLast = step + settings.staleness >= configuration.steps
        let files: [CheckpointFile]
        if isLast, try await batches.known(among: ahead, in: context.pool) == Set(ahead) {
            files = []
        } else {
            files = setting.files + [try store(version: step, run)]
        }
        let groups = try run.with { trainer in ahead.map { ($0, trainer.groups(atStep: $0)) } }
        try await write { transaction in
            if let weights = files.first(where: { $0.path == CheckpointFile.weights }) {
                let digest = weights.artifact.sha256
                let former = try await batches.publish(version: step, files: files, weights: digest, in: transaction)
                if let former { try await replace(former, version: step) }
                let known = try await batches.known(among: ahead, in: transaction)
                for (step, groups) in groups where !known.contains(step) {
                    try await batches.ask(
                        step: step, version: ahead.lowerBound, chunks: chunks(of: groups), in: transaction)
                }
            }
            try await batches.forget(in: transaction)
            for weights in try await batches.retire(in: transaction) { try resources.store.remove(weights) }
        }
    }

    private func replace(_ former: ArtifactDigest, version: Int) async throws {
        try resources.store.remove(former)
        try await context.log(
            "version \(version) of the policy came out with other bits than before, as on another kind of machine; "
                + "what it had sampled and nobody had taken is sampled again", level: .warning, for: job)
    }

    /// Its name is kept with the weights, so that no two versions share a file that is removed with one of them.
    private func store(version: Int, _ run: isolated TrainingRun<PPOTrainer>) throws -> CheckpointFile {
        let metadata = ["format": "pt", "policy": "job \(job.id), version \(version)"]
        return try run.with { trainer in
            let weights = try trainer.policyState()
            let artifact = try resources.store.put { sink throws(ArtifactError) in
                try Safetensors.encode(weights, metadata: metadata, into: sink)
            }
            return CheckpointFile(path: CheckpointFile.weights, artifact: artifact)
        }
    }

    private func chunks(of groups: [RolloutGroup]) throws -> [PostgresJSON] {
        try RolloutAsk.chunks(
            of: groups, size: settings.answersPerJob, sampling: RolloutSampling(configuration),
            verifierLimit: verifierLimit
        ) { group in
            let prompt = prompts[group.prompt]
            return RolloutAsk.Question(group: group, prompt: prompt, references: judge.references(of: prompt))
        }.map { try PostgresJSON(encoding: $0) }
    }

    // MARK: Waiting

    /// Waits until every chunk is sampled or cannot be, and samples meanwhile what nobody has begun.
    /// - Throws: `StoppedBetweenSteps` when the worker is to stop.
    private nonisolated(nonsending) func waitForChunks(ofStep step: Int) async throws -> [RolloutBatches.Chunk] {
        let handler = RolloutHandler(resources: resources)
        var lastHelp = ContinuousClock.now
        var sampledToo: Set<Int64> = []
        // How many are left to others, from when this worker last helped.
        var leftCount: Int?
        let isAlone = try await patiently { try await context.isAlone() }
        while true {
            try Task.checkCancellation()
            let chunks = try await patiently { try await batches.chunks(ofStep: step, in: context.pool) }
            let open = chunks.filter(\.isOpen)
            if open.isEmpty { return chunks }
            if context.isDraining { throw StoppedBetweenSteps() }
            let slow = chunks.first { $0.state == .running && !sampledToo.contains($0.sampler) }
            let waiting = open.filter { $0.state == .waiting }.map(\.sampler)
            // Half of them, so that others have a part too; all, where nobody took one meanwhile, or there is nobody.
            let isForOthers = waiting.count > 1 && waiting.count != leftCount && !isAlone
            let share = isForOthers ? (waiting.count + 1) / 2 : waiting.count
            leftCount = waiting.count - share
            if try await patiently({
                try await context.help(with: waiting, limit: share, by: Classifying(handler))
            }) {
                lastHelp = .now
            } else if let slow, ContinuousClock.now - lastHelp > Self.patience(after: chunks) {
                sampledToo.insert(slow.sampler)
                try await sampleToo(slow, handler)
                lastHelp = .now
            } else {
                await news.wait()
            }
        }
    }

    /// How long others may be at chunks of which none is left: as long as some of the step took, and a few times more.
    private static func patience(after chunks: [RolloutBatches.Chunk]) -> Duration {
        guard let longest = chunks.compactMap(\.seconds).max() else { return .seconds(60) }
        return max(.seconds(2), .seconds(4 * longest))
    }

    /// Samples what a slow worker is at as well. Both get the same answers, and those count that are there first.
    private nonisolated(nonsending) func sampleToo(
        _ chunk: RolloutBatches.Chunk, _ handler: RolloutHandler
    ) async throws {
        let attempt = JobAttempt(job: chunk.sampler, fence: job.fence)
        let found = try await patiently { try await RolloutTask.find(attempt, in: context.pool) }
        guard let task = found else { return }
        try await context.log(
            "step \(task.step + 1) waits for job \(chunk.sampler), which is slow; it is sampled here too", for: job)
        do {
            let sampled = try await handler.sample(task) { context.isWanted(job) }
            _ = try await write { try await SampledChunk.record([sampled], in: $0) }
        } catch  where !(error is CancellationError || error is QueueError || error is PostgresError) {
            // Its own job may fare better, and if not, the error is on its record.
            context.logger.warning("cannot sample what job \(chunk.sampler) is at", metadata: ["error": "\(error)"])
        }
    }

    private func sayWhatFailed(_ chunks: [RolloutBatches.Chunk], step: Int, answerCount: Int) async throws {
        let failed = chunks.filter { $0.state == .failed }
        guard let first = failed.first else { return }
        let cause = first.error ?? "no error on record"
        guard answerCount > 0 else { throw WorkerError.noRollouts(step: step + 1, cause: cause) }
        let missing = configuration.promptsPerStep * configuration.samplesPerPrompt - answerCount
        try await context.log(
            "step \(step + 1) goes on without \(missing) answers: job \(first.sampler), which was to sample them, "
                + "failed: \(cause)", level: .warning, for: job)
    }

    // MARK: The database

    /// A transaction under the lease, again while the server is away; all of them may be done twice.
    private nonisolated(nonsending) func write<Value: Sendable>(
        _ body: (_ transaction: PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await patiently {
            var value: Value?
            try await context.write(for: job) { value = try await body($0) }
            guard let value else { preconditionFailure("a transaction ended without its value") }
            return value
        }
    }

    private nonisolated(nonsending) func patiently<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        while true {
            do {
                return try await body()
            } catch let error as PostgresError where error.isTransient && context.isWanted(job) && !context.isDraining {
                context.logger.warning("trying again", metadata: ["error": "\(error)"])
                await news.wait()
            }
        }
    }
}

extension PPOTrainer {
    /// An answer of a version as the trainer learns from it; its verdict is the verifier's.
    fileprivate func rollout(_ sampled: SampledRollout, version: Int) -> Rollout {
        let isComplete = sampled.finishReason == "stop"
        return Rollout(
            prompt: sampled.prompt, group: sampled.group, tokens: sampled.tokens, logProbs: sampled.logProbs,
            text: text(of: sampled.tokens, isComplete: isComplete), isComplete: isComplete, policyStep: version,
            verdict: RewardVerdict(sampled.reward))
    }
}
