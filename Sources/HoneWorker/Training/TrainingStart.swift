import Foundation
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTokenizer
import HoneTraining

/// What an attempt of a training job begins with: what it learns from, and the files of models as directories on the
/// disk.
struct TrainingStart<Payload: TrainingPayload>: Sendable {
    let payload: Payload
    /// In the order in which they were fixed.
    let rows: Payload.Source.Rows
    /// Of the checkpoint that the training starts from; nil for random weights.
    let initial: String?
    /// Of the last resume point; nil before the first.
    let resumed: String?
    /// Of the reward models that judge.
    let judges: [Int64: String]
    let tokenizer: ByteTokenizer
    let job: ClaimedJob
    let context: JobContext

    var pool: PostgresPool { context.pool }

    init(
        _ point: ResumePoint, of job: ClaimedJob, payload: Payload, resources: WorkerResources, context: JobContext,
        scratch: String
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
            let library = resources.checkpoints
            let files =
                try await payload.trainsJudge ? library.files(of: checkpoint) : library.files(ofPolicy: checkpoint)
            initial = try await lay(files, "initial")
        } else {
            initial = nil
        }
        var laid: [Int64: String] = [:]
        for judge in Set(payload.judges.map(\.checkpoint)) {
            laid[judge] = try await lay(resources.checkpoints.files(of: judge), "judge-\(judge)")
        }
        judges = laid
        tokenizer = try Self.tokenizer(in: resumed ?? initial)
        self.job = job
        self.context = context
        rows = try await payload.source.rows(of: point.data, from: context.pool)
    }

    /// - Throws: `WorkerError.payload`: another try would find the same file.
    private static func tokenizer(in directory: String?) throws(WorkerError) -> ByteTokenizer {
        guard let directory else { return ByteTokenizer() }
        do {
            return try ByteTokenizer(contentsOf: directory + "/tokenizer.json")
        } catch {
            let reason = "\(error)".replacing(directory + "/", with: "")
            throw .payload(
                key: "initial_checkpoint",
                fault:
                    "has a tokenizer that trainings do not read (\(reason)); they go on from models that were trained "
                    + "here, and imported ones are served, evaluated and quantized")
        }
    }
}

/// A training that is ready to run.
struct BegunTraining<Training: RunningTraining>: Sendable {
    let training: Training
    let exampleCount: Int
    /// Of what it learns from, in its order, for errors that name some.
    let names: BatchName
    /// Examples longer than the model's context.
    var droppedCount = 0
    /// What somebody should know who looks at the job.
    var warnings: [String] = []
}
