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
        let layout = start.payload.configuration.layout
        let all = start.examples.compactMap { TrainingExample($0, layout) }
        let tokenizer = Self.tokenizer(start, all)
        let examples = start.payload.dropLong == true ? try Self.fitting(all, tokenizer, start) : all
        return BegunTraining(
            training: try await Self.session(start, examples, tokenizer), exampleCount: examples.count,
            droppedCount: start.examples.count - examples.count)
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
        if let resumed = start.resumed {
            return try await TrainingSession.resume(
                resumed, configuration: configuration, examples: examples, tokenizer: tokenizer)
        }
        return try await TrainingSession.start(
            configuration, from: start.initial, examples: examples, tokenizer: tokenizer)
    }

    /// The examples that fit the model's context together with the end token.
    private static func fitting(
        _ examples: [TrainingExample], _ tokenizer: ByteTokenizer, _ start: TrainingStart<TrainSFTPayload>
    ) throws -> [TrainingExample] {
        let given = try (start.resumed ?? start.initial).map { try ModelConfiguration.read(directory: $0) }
        let limit = (given ?? start.payload.configuration.model)?.maxPositionCount ?? 0
        return examples.filter {
            tokenizer.encode($0.prompt).count + tokenizer.encode($0.completion).count + 1 <= limit
        }
    }
}

extension TrainingExample {
    /// Nil where the layout has no way to say the example's solution.
    fileprivate init?(_ example: CutExample, _ layout: AnswerLayout) {
        guard let completion = layout.completion(of: example) else { return nil }
        self.init(prompt: layout.prompt(example.prompt), completion: completion, level: example.level)
    }
}
