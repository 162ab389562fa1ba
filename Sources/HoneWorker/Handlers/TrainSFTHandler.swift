import HoneCatalog
import HoneModel
import HoneProblems
import HoneQueue
import HoneTokenizer
import HoneTraining

/// `train.sft`: supervised fine-tuning.
struct TrainSFTHandler: TrainingHandler {
    static let kind = "train.sft"

    let resources: WorkerResources

    func begin(_ start: TrainingStart<TrainSFTPayload>) async throws -> BegunTraining<TrainingSession> {
        let chosen = start.payload.dropLong == true ? try Self.fitting(start) : start.rows
        let session = try await Self.session(start, chosen.map(TrainingExample.init))
        return BegunTraining(
            training: session, exampleCount: chosen.count, exampleIDs: chosen.map(\.id),
            droppedCount: start.rows.count - chosen.count)
    }

    private static func session(
        _ start: TrainingStart<TrainSFTPayload>, _ examples: [TrainingExample]
    ) async throws -> TrainingSession {
        let configuration = start.payload.effective
        let old = try await old(start)
        if let resumed = start.resumed {
            return try await TrainingSession.resume(
                resumed, from: start.initial, configuration: configuration, examples: examples, old: old,
                tokenizer: start.tokenizer)
        }
        return try await TrainingSession.start(
            configuration, from: start.initial, examples: examples, old: old, tokenizer: start.tokenizer)
    }

    /// What the run is to remember; nothing where it has no memory.
    private static func old(_ start: TrainingStart<TrainSFTPayload>) async throws -> [TrainingExample] {
        let configuration = start.payload.configuration
        guard configuration.memory?.needsExamples == true, let checkpoint = start.payload.initialCheckpoint else {
            return []
        }
        return try await OldExamples.sample(
            of: checkpoint, capacity: start.payload.remember ?? 20_000, seed: configuration.seed, from: start.pool)
    }

    /// The examples that fit the model's context together with the end token.
    private static func fitting(_ start: TrainingStart<TrainSFTPayload>) throws -> [CutExample] {
        let given = try (start.resumed ?? start.initial).map { try ModelConfiguration.read(directory: $0) }
        let limit = (given ?? start.payload.configuration.model)?.maxPositionCount ?? 0
        return start.rows.filter {
            let example = TrainingExample($0)
            return start.tokenizer.encode(example.prompt).count + start.tokenizer.encode(example.completion).count + 1
                <= limit
        }
    }
}

extension TrainingExample {
    init(_ example: CutExample) {
        self.init(
            prompt: ReasoningLayout.prompt(example.prompt),
            completion: StepGrammar.completion(steps: example.steps, answer: example.answer), level: example.level)
    }
}
