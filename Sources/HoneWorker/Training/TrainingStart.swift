import Foundation
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTokenizer

/// What an attempt of a training job begins with: the examples, and the files of models as directories on the disk.
struct TrainingStart<Payload: TrainingPayload>: Sendable {
    let payload: Payload
    /// In the order of the cut.
    let examples: [CutExample]
    /// Of the checkpoint that the training starts from; nil for random weights.
    let initial: String?
    /// Of the last resume point; nil before the first.
    let resumed: String?
    let tokenizer: ByteTokenizer
    let pool: PostgresPool

    init(
        _ point: ResumePoint, payload: Payload, resources: WorkerResources, context: JobContext, scratch: String
    ) async throws {
        func lay(_ files: [CheckpointFile], _ name: String) async throws -> String {
            let directory = scratch + "/\(name)-\(point.step)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try await resources.store.lay(files, in: directory)
            return directory
        }
        self.payload = payload
        resumed = point.files.isEmpty ? nil : try await lay(point.files, "resumed")
        if let checkpoint = payload.initialCheckpoint, resumed == nil || payload.needsInitialToResume {
            initial = try await lay(resources.checkpoints.files(of: checkpoint), "initial")
        } else {
            initial = nil
        }
        tokenizer = try (resumed ?? initial).map { try LoadedModel.tokenizer(directory: $0) } ?? ByteTokenizer()
        pool = context.pool
        examples = try await point.cut.examples(from: context.pool)
    }
}

/// A training that is ready to run.
struct BegunTraining<Training: RunningTraining>: Sendable {
    let training: Training
    let exampleCount: Int
    /// Examples longer than the model's context.
    var droppedCount = 0
}
