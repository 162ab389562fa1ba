import HonePipeline
import HonePostgres
import HoneQueue

extension JobContext {
    /// What the job asks for, with references such as `"${train.checkpoint}"` replaced by the results of the run's
    /// stages.
    func payload<Payload: JobPayload>(_ type: Payload.Type, of job: ClaimedJob) async throws -> Payload {
        guard let run = job.runID else { return try Payload(json: job.payload.data) }
        let resolved = try await PipelineReferences.resolve(job.payload, run: run, in: pool)
        return try Payload(json: resolved.data)
    }
}
