import HoneCatalog
import HonePostgres
import HoneQueue

/// A kind of job that trains. Killed anywhere, the next attempt ends with the same weights, bit for bit.
protocol TrainingHandler: JobHandler {
    associatedtype Payload: TrainingPayload
    associatedtype Training: RunningTraining

    var resources: WorkerResources { get }

    /// Makes what trains, fresh or as it was at the last resume point.
    func begin(_ start: TrainingStart<Payload>) async throws -> BegunTraining<Training>
}

/// The result of a training job.
private struct TrainingResult: Encodable {
    let model: String
    let checkpoint: Int64
    let step: Int
    let loss: Double?
    let reward: Double?
    let metrics: [String: Double]
}

extension TrainingHandler {
    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(Payload.self, of: job)
            let last = try await TrainingAttempt(handler: self, job: job, payload: payload, context: context).run()
            try await complete(job, payload, last, context)
        }
    }

    private func complete(
        _ job: ClaimedJob, _ payload: Payload, _ last: ResumePoint, _ context: JobContext
    ) async throws {
        let record = try checkpoint(of: job, payload, last)
        try await context.complete(
            job,
            producing: { transaction in
                let checkpoint = try await Checkpoints.record(record, in: transaction)
                return try PostgresJSON(
                    encoding: TrainingResult(
                        model: payload.model, checkpoint: checkpoint, step: last.step, loss: last.metrics["loss"],
                        reward: last.metrics["reward"], metrics: last.metrics))
            })
    }

    private func checkpoint(of job: ClaimedJob, _ payload: Payload, _ last: ResumePoint) throws -> NewCheckpoint {
        var metrics = last.metrics
        metrics["dropped_examples"] = Double(last.droppedCount)
        var new = NewCheckpoint(
            model: payload.model, step: last.step, config: try PostgresJSON(encoding: payload.effective),
            files: last.files)
        new.parent = payload.initialCheckpoint
        new.metrics = try PostgresJSON(encoding: metrics)
        new.attempt = JobAttempt(job)
        new.run = job.runID
        new.codeVersion = resources.codeVersion
        new.data = last.data
        new.judges = payload.judges
        new.seed = payload.configuration.seed
        return new
    }
}
