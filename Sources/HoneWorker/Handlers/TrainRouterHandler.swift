import HoneCatalog
import HoneModel
import HonePostgres
import HoneQueue
import HoneTokenizer
import HoneTraining

/// `train.router`: adjusts what chooses a path for each request to what became of the answers so far.
struct TrainRouterHandler: TrainingHandler {
    static let kind = "train.router"

    let resources: WorkerResources

    func begin(_ start: TrainingStart<TrainRouterPayload>) async throws -> BegunTraining<TrainingRun<RouterTrainer>> {
        guard let directory = start.resumed ?? start.initial else {
            preconditionFailure("the payload names a checkpoint to start from")
        }
        let layout = try GenerationDefaults.read(directory: directory).layout
        let limit = try ModelConfiguration.read(directory: directory).maxPositionCount
        let all = start.rows.map { row in
            let outcomes = row.outcomes.compactMap { path, right in RoutePath(rawValue: path).map { ($0, right) } }
            let prompt = start.tokenizer.encode(layout.prompt(row.example.prompt))
            return (
                id: row.example.id,
                example: RouterExample(prompt: prompt, outcomes: Dictionary(uniqueKeysWithValues: outcomes))
            )
        }
        let kept = all.filter { $0.example.prompt.count < limit }
        let examples = kept.map(\.example)
        let configuration = start.payload.effective
        let run = try await TrainingRun.start { [resumed = start.resumed, tokenizer = start.tokenizer] in
            guard resumed != nil else {
                return try RouterTrainer(
                    configuration, directory: directory, examples: examples, tokenizer: tokenizer)
            }
            return try RouterTrainer.resume(
                directory, configuration: configuration, examples: examples, tokenizer: tokenizer)
        }
        return BegunTraining(
            training: run, exampleCount: examples.count, names: BatchName(.example, kept.map(\.id)),
            droppedCount: all.count - examples.count)
    }
}

extension RouterStepReport: TrainingReport {
    var failure: String? { nil }
    var checkpointMetrics: [String: Double] {
        ["loss": loss].merging(evaluation?.metrics ?? [:]) { own, _ in own }
    }

    func progress() throws -> PostgresJSON {
        try PostgresJSON(
            encoding: JudgingProgress(step: step, steps: steps, loss: loss, accuracy: evaluation?.accuracy))
    }
}
