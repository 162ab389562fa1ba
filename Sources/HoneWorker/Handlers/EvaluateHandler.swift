import HoneCatalog
import HoneEvaluation
import HonePostgres
import HoneQueue

/// `evaluate`: answers a split of a dataset with a checkpoint and checks every answer and every step.
struct EvaluateHandler: JobHandler {
    static let kind = "evaluate"
    static let defaultNewTokens = 256

    let resources: WorkerResources

    private struct Result: Encodable {
        let evaluation: Int64
        let checkpoint: Int64
        let metrics: [String: Double]
    }

    private struct Progress: Encodable {
        let done: Int
        let total: Int
        /// When all are done.
        var right: Int?
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(EvaluatePayload.self, of: job)
            try await evaluate(job, payload, context)
        }
    }

    private func evaluate(_ job: ClaimedJob, _ payload: EvaluatePayload, _ context: JobContext) async throws {
        let checkpoint =
            if let given = payload.checkpoint { given } else {
                try await resources.checkpoints.active(payload.model).checkpoint
            }
        let cut = try await DataCut.take(
            dataset: payload.dataset, split: payload.split ?? "test", from: context.pool)
        let selection = CutSelection(limit: payload.limit, perLevel: payload.perLevel)
        let examples = try await cut.examples(selection, from: context.pool)
        let model = try await resources.checkpoints.load(checkpoint, threads: resources.threads)
        let done = try await CheckpointEvaluation(
            of: examples, with: model, maximumNewTokens: payload.maxNewTokens ?? Self.defaultNewTokens
        ) { doneCount in
            try await context.report(
                PostgresJSON(encoding: Progress(done: doneCount, total: examples.count)), for: job)
        }
        let last = Progress(
            done: examples.count, total: examples.count, right: done.evaluation.report.accuracy.successCount)
        try await context.report(PostgresJSON(encoding: last), for: job)
        let metrics = EvaluationMetrics(done.evaluation.report, cut: cut)
        let rows = done.rows(of: examples, job: job, checkpoint: checkpoint)
        try await context.complete(
            job,
            producing: { transaction in
                let id = try await Evaluations.record(
                    PostgresJSON(encoding: metrics), of: checkpoint, on: cut, by: JobAttempt(job), in: transaction)
                try await Samples.record(rows, in: transaction)
                return try PostgresJSON(
                    encoding: Result(evaluation: id, checkpoint: checkpoint, metrics: metrics.numbers))
            })
    }
}
