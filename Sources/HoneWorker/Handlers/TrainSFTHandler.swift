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
        let metrics = ["loss": last.loss, "dropped_examples": Double(last.droppedCount)].compactMapValues(\.self)
        let record = CheckpointRecord(
            model: payload.model, parent: payload.initialCheckpoint, step: last.step,
            config: try PostgresJSON(encoding: payload.effective), metrics: try PostgresJSON(encoding: metrics),
            cut: last.cut, seed: payload.configuration.seed, files: last.files, codeVersion: resources.codeVersion)
        try await context.complete(
            job,
            producing: { transaction in
                let checkpoint = try await record.insert(for: job, in: transaction)
                return try PostgresJSON(
                    encoding: Result(model: payload.model, checkpoint: checkpoint, step: last.step, loss: last.loss))
            })
    }
}
