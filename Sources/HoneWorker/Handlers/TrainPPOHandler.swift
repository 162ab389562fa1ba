import HoneCatalog
import HoneModel
import HoneQueue
import HoneTraining

/// `train.ppo`: reinforcement learning on answers that the policy writes itself, judged by the reference answers.
struct TrainPPOHandler: TrainingHandler {
    static let kind = "train.ppo"

    let resources: WorkerResources

    func begin(_ start: TrainingStart<TrainPPOPayload>) async throws -> BegunTraining<TrainingRun<PPOTrainer>> {
        guard let initial = start.initial else { preconditionFailure("the payload names a checkpoint to start from") }
        guard try GenerationDefaults.read(directory: initial).layout == .steps else {
            throw WorkerError.payload(
                key: "initial_checkpoint", fault: "writes equations alone, and what is judged here is steps")
        }
        let judge = AnswerJudge(start.examples)
        let configuration = start.payload.effective
        let prompts = start.examples.map { AnswerLayout.steps.prompt($0.prompt) }
        let run = try await TrainingRun.start { [resumed = start.resumed, tokenizer = start.tokenizer] in
            let model = try CausalLanguageModel.load(directory: initial)
            guard let resumed else {
                return try PPOTrainer(
                    configuration, policy: model, prompts: prompts, tokenizer: tokenizer, reward: judge.verdict)
            }
            return try PPOTrainer.resume(
                resumed, reference: model, configuration: configuration, prompts: prompts, tokenizer: tokenizer,
                reward: judge.verdict)
        }
        return BegunTraining(training: run, exampleCount: prompts.count)
    }
}
