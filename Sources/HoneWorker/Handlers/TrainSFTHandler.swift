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
        let configuration = start.payload.configuration
        let all = start.rows.compactMap { row in
            var example = TrainingExample(row, configuration.layout)
            if configuration.rareShapes != nil {
                example?.shape = TemplateSignature(prompt: row.prompt, steps: row.steps).description
            }
            return example.map { (id: row.id, example: $0) }
        }
        let tokenizer = Self.tokenizer(start, all.map(\.example))
        let chosen = start.payload.dropLong == true ? try Self.fitting(all, tokenizer, start) : all
        let session = try await Self.session(start, chosen.map(\.example), tokenizer)
        return BegunTraining(
            training: session, exampleCount: chosen.count, names: BatchName(.example, chosen.map(\.id)),
            droppedCount: start.rows.count - chosen.count)
    }

    /// A new model may have a vocabulary of its own; one that goes on keeps the one that it has.
    private static func tokenizer(
        _ start: TrainingStart<TrainSFTPayload>, _ examples: [TrainingExample]
    ) -> ByteTokenizer {
        let configuration = start.payload.configuration
        guard start.resumed == nil, configuration.vocabulary == .learned, let shape = configuration.model else {
            return start.tokenizer
        }
        return ByteTokenizer.trained(
            on: examples.map { $0.prompt + $0.completion }, vocabularySize: shape.vocabularySize)
    }

    private static func session(
        _ start: TrainingStart<TrainSFTPayload>, _ examples: [TrainingExample], _ tokenizer: ByteTokenizer
    ) async throws -> TrainingSession {
        let configuration = start.payload.effective
        let old = try await old(start)
        if let resumed = start.resumed {
            return try await TrainingSession.resume(
                resumed, from: start.initial, configuration: configuration, examples: examples, old: old,
                tokenizer: tokenizer)
        }
        return try await TrainingSession.start(
            configuration, from: start.initial, examples: examples, old: old, tokenizer: tokenizer)
    }

    /// What the run is to remember; nothing where it has no memory.
    private static func old(_ start: TrainingStart<TrainSFTPayload>) async throws -> [TrainingExample] {
        let configuration = start.payload.configuration
        guard configuration.memory?.needsExamples == true, let checkpoint = start.payload.initialCheckpoint else {
            return []
        }
        return try await OldExamples.sample(
            of: checkpoint, capacity: start.payload.remember ?? 20_000, seed: configuration.seed,
            layout: configuration.layout, from: start.pool)
    }

    /// The examples that fit the model's context together with the end token.
    private static func fitting(
        _ examples: [(id: Int64, example: TrainingExample)], _ tokenizer: ByteTokenizer,
        _ start: TrainingStart<TrainSFTPayload>
    ) throws -> [(id: Int64, example: TrainingExample)] {
        let given = try (start.resumed ?? start.initial).map { try ModelConfiguration.read(directory: $0) }
        let limit = (given ?? start.payload.configuration.model)?.maxPositionCount ?? 0
        return examples.filter { _, example in
            tokenizer.encode(example.prompt).count + tokenizer.encode(example.completion).count + 1 <= limit
        }
    }
}

extension TrainingExample {
    /// Nil where the layout has no way to say the example's solution.
    init?(_ example: CutExample, _ layout: AnswerLayout) {
        guard let completion = layout.completion(of: example) else { return nil }
        self.init(prompt: layout.prompt(example.prompt), completion: completion, level: example.level)
    }
}
