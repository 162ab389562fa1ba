import HoneCatalog
import HoneModel
import HoneQueue
import HoneTokenizer
import HoneTraining

/// `train.ppo`: reinforcement learning on answers that the policy writes itself, judged by the reference answers, by
/// reward models, or by both.
struct TrainPPOHandler: TrainingHandler {
    static let kind = "train.ppo"

    let resources: WorkerResources

    func begin(_ start: TrainingStart<TrainPPOPayload>) async throws -> BegunTraining<PolicyTraining> {
        guard let initial = start.initial else { preconditionFailure("the payload names a checkpoint to start from") }
        guard try GenerationDefaults.read(directory: initial).layout == .steps else {
            throw WorkerError.payload(
                key: "initial_checkpoint", fault: "writes equations alone, and what is judged here is steps")
        }
        let verifier = AnswerJudge(start.rows, check: resources.answerCheck(within: start.payload.reward.verifierLimit))
        let judging = PolicyJudging(start, verifier)
        let configuration = start.payload.effective
        let isByFleet = start.payload.rollouts.place == .queue
        try MemoryNeed(
            configuration, shape: ModelConfiguration.read(directory: initial), samplesWithCopy: isByFleet
        ).requireAvailable()
        let prompts = start.rows.map { AnswerLayout.steps.prompt($0.prompt) }
        let run = try await TrainingRun.start { [resumed = start.resumed, tokenizer = start.tokenizer] in
            let model = try CausalLanguageModel.load(directory: initial)
            let judge = try judging.mixture(for: tokenizer)
            guard let resumed else {
                return try PPOTrainer(
                    configuration, policy: model, critic: judge.makeCritic(), prompts: prompts, tokenizer: tokenizer,
                    judge: judge)
            }
            return try PPOTrainer.resume(
                resumed, reference: model, configuration: configuration, prompts: prompts, tokenizer: tokenizer,
                judge: judge)
        }
        let fleet = isByFleet ? RolloutFleet(start, resources: resources, judge: verifier, prompts: prompts) : nil
        return BegunTraining(
            training: PolicyTraining(training: run, fleet: fleet), exampleCount: prompts.count,
            names: BatchName(.example, start.rows.map(\.id)))
    }
}

/// Makes the judges of a policy from their files.
private struct PolicyJudging: Sendable {
    let settings: RewardSettings
    let verifier: AnswerJudge
    let directories: [Int64: String]

    init(_ start: TrainingStart<TrainPPOPayload>, _ verifier: AnswerJudge) {
        settings = start.payload.reward
        self.verifier = verifier
        directories = start.judges
    }

    /// - Throws: `TrainingError.configuration` for a reward model of another tokenizer than the policy's, of the other
    ///   kind, or of one score for everything.
    func mixture(for tokenizer: ByteTokenizer) throws -> RewardMixture {
        var mixture = RewardMixture(verifier: verifier.verdict, verifierWeight: settings.verifier)
        if let outcome = settings.outcome {
            let members = try outcome.checkpoints.map { try model($0, .reward, tokenizer) }
            mixture.outcome = RewardMixture.Outcome(
                try RewardEnsemble(members), weight: outcome.weight, disagreementPenalty: outcome.disagreementPenalty)
        }
        if let process = settings.process {
            mixture.process = RewardMixture.Process(
                try model(process.checkpoint, .step, tokenizer), weight: process.weight, reward: process.reward)
        }
        return mixture
    }

    private func model(
        _ checkpoint: Int64, _ kind: ScoringModel.Kind, _ tokenizer: ByteTokenizer
    ) throws -> RewardModel {
        guard let directory = directories[checkpoint] else {
            preconditionFailure("reward model \(checkpoint) was not laid out")
        }
        func refuse(_ reason: String) -> TrainingError {
            .configuration(key: "reward", reason: "names checkpoint \(checkpoint), \(reason)")
        }
        guard let found = RewardModel.kind(in: directory) else { throw refuse("which is no reward model") }
        guard found == kind else {
            throw refuse("which judges \(kind == .step ? "whole answers, not steps" : "steps, not whole answers")")
        }
        if let evaluation = try RewardEvaluation.read(directory: directory), evaluation.isIndifferent {
            throw refuse(
                "which gave the same score to all of \(evaluation.count) held-out judgements and so teaches nothing; "
                    + "train another reward model")
        }
        let model = try RewardModel.load(directory: directory)
        guard model.tokenizer == tokenizer else {
            throw refuse("a reward model of another tokenizer than the policy's; train one from this policy's model")
        }
        return model
    }
}

extension RewardMixture {
    /// A critic that starts with what the first outcome reward model knows; nil without one.
    func makeCritic() throws -> ScoringModel? {
        try outcome.map { try $0.ensemble.members[0].makeCritic(weight: $0.weight) }
    }
}
