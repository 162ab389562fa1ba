import HoneCatalog
import HoneDatasets
import HoneFeedback
import HoneInference
import HoneModel
import HonePipeline
import HonePostgres
import HoneProblems
import HoneQueue
import HoneTensor
import HoneTraining

/// Runs another handler and tells the errors that a retry could only repeat from those that may pass.
struct Classifying<Handler: JobHandler>: JobHandler {
    static var kind: String { Handler.kind }

    private let handler: Handler

    init(_ handler: Handler) {
        self.handler = handler
    }

    var batchLimit: Int { handler.batchLimit }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        do {
            try await handler.run(jobs, context: context)
        } catch {
            throw error.isPermanent ? JobFailure.permanent("\(error)") : error
        }
    }
}

extension Error {
    /// What the error means for one job of a batch.
    var failure: JobFailure { isPermanent ? .permanent("\(self)") : .retryable("\(self)") }

    /// Whether the same job would fail in the same way again.
    var isPermanent: Bool {
        switch self as any Error {
        // Another worker may have more memory, and this one at another time.
        case TrainingError.memory: false
        case PipelineError.unresolved: true
        case WorkerError.noActiveCheckpoint, WorkerError.modelNotNamed(activeCount: 0): false
        case is WorkerError, is CatalogError, is FeedbackError, is TrainingError, is DatasetError, is ProblemError,
            is InferenceError,
            is ModelError:
            true
        case TensorError.cannotWrite: false
        case is TensorError: true
        case PostgresError.server(let error):
            // The schema's refusals (but a lost lease), bad data, broken constraints, wrong statements.
            ["HN", "22", "23", "42"].contains { error.sqlState.rawValue.hasPrefix($0) } && error.sqlState != .leaseLost
        default: false
        }
    }
}
