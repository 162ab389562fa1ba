import HoneCatalog
import HonePostgres
import HoneTraining

/// Trains what chooses a path for each request, on the verified answers that a checkpoint's network gave to a dataset's
/// examples.
struct TrainRouterPayload: TrainingPayload {
    let dataset: String
    let split: String?
    let model: String
    private let start: Int64
    let configuration: RouterConfiguration
    let checkpointEvery: Int?
    let keepResumePoints: Int?

    var initialCheckpoint: Int64? { start }
    var source: VerdictSource { VerdictSource(checkpoint: start, dataset: dataset, split: split ?? "train") }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, split, model, configuration
        case start = "initial_checkpoint"
        case checkpointEvery = "checkpoint_every"
        case keepResumePoints = "keep_resume_points"
    }

    func validate() throws(WorkerError) { try validateTraining() }
}

extension RouterConfiguration: TrainingConfiguration {}

/// The verified answers of a network to the examples of a dataset's split.
struct VerdictSource: TrainingSource {
    let checkpoint: Int64
    let dataset: String
    let split: String

    /// An example with the share of right answers of each path that was tried on it, by the path's name.
    struct Row: Sendable {
        let example: CutExample
        var outcomes: [String: Double]
    }

    func fix(in pool: PostgresPool) async throws -> TrainingData {
        let cut = try await DataCut.take(dataset: dataset, split: split, from: pool)
        return .verdicts(try await VerdictCut.take(checkpoint: checkpoint, examples: cut, from: pool), on: cut)
    }

    func rows(of data: TrainingData, from pool: PostgresPool) async throws -> [Row] {
        guard case .verdicts(let verdicts, let cut) = data else {
            preconditionFailure("a training of verdicts began with \(data)")
        }
        var outcomes: [Int64: [String: Double]] = [:]
        for (example, path, right) in try await verdicts.outcomes(of: cut, from: pool) {
            outcomes[example, default: [:]][path] = right
        }
        return try await cut.examples(from: pool).compactMap { example in
            outcomes[example.id].map { Row(example: example, outcomes: $0) }
        }
    }
}
