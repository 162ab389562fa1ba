import HoneFeedback
import HoneModel
import HoneQueue
import HoneTraining

/// `train.dpo`: a policy from preferences, without a reward model. Ties say nothing to it and are left out.
struct TrainDPOHandler: TrainingHandler {
    static let kind = "train.dpo"

    let resources: WorkerResources

    func begin(
        _ start: TrainingStart<TrainDPOPayload>
    ) async throws -> BegunTraining<TrainingRun<DirectPreferenceTrainer>> {
        guard let initial = start.initial else { preconditionFailure("the payload names a checkpoint to start from") }
        guard case .preferences(let rows) = start.rows else {
            throw FeedbackError.wrongForm(freeze: start.payload.freeze, form: "steps", wanted: "preferences")
        }
        let text = LabelledText(tokenizer: start.tokenizer)
        let contextLength = try ModelConfiguration.read(directory: initial).maxPositionCount
        let decided = rows.filter { !$0.isTie }.map { (pair: text.answerPair($0), task: $0.task) }
        let kept = decided.filter { pair, _ in
            pair.chosen != pair.rejected
                && (start.payload.dropLong != true
                    || pair.prompt.count + max(pair.chosen.count, pair.rejected.count) <= contextLength)
        }
        let pairs = kept.map(\.pair)
        let configuration = start.payload.effective
        let run = try await TrainingRun.start { [resumed = start.resumed, tokenizer = start.tokenizer] in
            let model = try CausalLanguageModel.load(directory: initial)
            guard let resumed else {
                return try DirectPreferenceTrainer(
                    configuration, policy: model, pairs: pairs, tokenizer: tokenizer)
            }
            return try DirectPreferenceTrainer.resume(
                resumed, reference: model, configuration: configuration, pairs: pairs, tokenizer: tokenizer)
        }
        return BegunTraining(
            training: run, exampleCount: pairs.count, names: BatchName(.labelTask, kept.map(\.task)),
            droppedCount: decided.count - pairs.count)
    }
}
