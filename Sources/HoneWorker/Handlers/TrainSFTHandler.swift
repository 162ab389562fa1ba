import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTraining

/// `train.sft`: supervised fine-tuning. Killed anywhere, the next attempt ends with the same weights, bit for bit.
struct TrainSFTHandler: JobHandler {
    static let kind = "train.sft"

    let resources: WorkerResources

    private struct Result: Encodable {
        let model: String
        let checkpoint: Int64
        let step: Int
        let loss: Double?
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(TrainPayload.self, of: job)
            let last = try await TrainingRun(job: job, payload: payload, context: context, resources: resources).run()
            try await complete(job, payload, last, context)
        }
    }

    private func complete(
        _ job: ClaimedJob, _ payload: TrainPayload, _ last: ResumePoint, _ context: JobContext
    ) async throws {
        let record = try checkpoint(of: job, payload, last)
        try await context.complete(
            job,
            producing: { transaction in
                let checkpoint = try await Checkpoints.record(record, in: transaction)
                return try PostgresJSON(
                    encoding: Result(model: payload.model, checkpoint: checkpoint, step: last.step, loss: last.loss))
            })
    }

    private func checkpoint(of job: ClaimedJob, _ payload: TrainPayload, _ last: ResumePoint) throws -> NewCheckpoint {
        let metrics = ["loss": last.loss, "dropped_examples": Double(last.droppedCount)].compactMapValues(\.self)
        var new = NewCheckpoint(
            model: payload.model, step: last.step, config: try PostgresJSON(encoding: payload.effective),
            files: last.files)
        new.parent = payload.initialCheckpoint
        new.metrics = try PostgresJSON(encoding: metrics)
        new.attempt = JobAttempt(job)
        new.run = job.runID
        new.codeVersion = resources.codeVersion
        new.cut = last.cut
        new.seed = payload.configuration.seed
        return new
    }
}
