import Foundation
import HoneCatalog
import HoneModel
import HonePostgres
import HoneProblems
import HoneTokenizer
import HoneTraining

/// What a training attempt begins with: files laid out on the disk, and the examples as text.
struct TrainingStart {
    let examples: [TrainingExample]
    /// Examples longer than the model's context.
    let droppedCount: Int
    private let configuration: SFTConfiguration
    private let tokenizer: ByteTokenizer
    /// The weights to begin with; nil for random ones.
    private let directory: String?
    private let isResumed: Bool

    init(
        _ point: ResumePoint, payload: TrainPayload, resources: WorkerResources, pool: PostgresPool, scratch: String
    ) async throws {
        configuration = payload.effective
        isResumed = !point.files.isEmpty
        let files =
            if isResumed {
                point.files
            } else if let initial = payload.initialCheckpoint {
                try await resources.checkpoints.files(of: initial)
            } else {
                [CheckpointFile]()
            }
        if files.isEmpty {
            directory = nil
            tokenizer = ByteTokenizer()
        } else {
            let directory = scratch + "/start-\(point.step)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try await resources.store.lay(files, in: directory)
            self.directory = directory
            tokenizer = try LoadedModel.tokenizer(directory: directory)
        }
        let all = try await point.cut.examples(from: pool).map(TrainingExample.init)
        examples = payload.dropLong == true ? try Self.fitting(all, configuration, tokenizer, directory) : all
        droppedCount = all.count - examples.count
    }

    /// The examples that fit the model's context together with the end token.
    private static func fitting(
        _ examples: [TrainingExample], _ configuration: SFTConfiguration, _ tokenizer: ByteTokenizer,
        _ directory: String?
    ) throws -> [TrainingExample] {
        let shape = try directory.map { try ModelConfiguration.read(directory: $0) } ?? configuration.model
        let limit = shape?.maxPositionCount ?? 0
        return examples.filter {
            tokenizer.encode($0.prompt).count + tokenizer.encode($0.completion).count + 1 <= limit
        }
    }

    func session() async throws -> TrainingSession {
        if isResumed, let directory {
            return try await TrainingSession.resume(
                directory, configuration: configuration, examples: examples, tokenizer: tokenizer)
        }
        return try await TrainingSession.start(
            configuration, from: directory, examples: examples, tokenizer: tokenizer)
    }
}

extension TrainingExample {
    fileprivate init(_ example: CutExample) {
        self.init(
            prompt: ReasoningLayout.prompt(example.prompt),
            completion: StepGrammar.completion(steps: example.steps, answer: example.answer), level: example.level)
    }
}
