import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneQueue

/// Where the next attempt of a training job takes up: a checkpoint of the job, whose files lie in the artifact store.
struct ResumePoint: Sendable, Equatable {
    /// Steps done.
    let step: Int
    /// What the last step measured that a checkpoint followed; empty before the first.
    let metrics: [String: Double]
    /// What is read.
    let data: TrainingData
    /// Examples that are left out: longer than the model's context, or not to be said in the run's layout.
    let droppedCount: Int
    /// Empty before the first step.
    let files: [CheckpointFile]

    private static let name = "train"

    /// Those of a job, newest first.
    static func all(of job: ClaimedJob, _ context: JobContext) async throws -> [ResumePoint] {
        try await context.checkpoints(named: name, for: job).map { try $0.state.decode(ResumePoint.self) }
    }

    /// Records it, together with the metrics of the steps that led to it, and drops those that are not to be kept.
    /// - Throws: `QueueError.leaseLost`.
    func record(
        for job: ClaimedJob, _ context: JobContext, keeping retention: CheckpointRetention = CheckpointRetention(),
        metrics: [MeasuredStep] = []
    ) async throws {
        let weights = files.first { $0.path == CheckpointFile.weights }.map { Data($0.artifact.sha256.bytes) }
        let checkpoint = JobCheckpoint(
            name: Self.name, ordinal: Int64(step), state: try PostgresJSON(encoding: self), artifactSHA256: weights)
        try await context.save(checkpoint, for: job, keeping: retention) { transaction in
            try await StepMetrics.record(metrics, of: JobAttempt(job), in: transaction)
        }
    }

    /// Makes it the one that training goes on from: what came after it is dropped, resume points that turned out to be
    /// damaged and the metrics of steps that are done again.
    /// - Throws: `QueueError.leaseLost`.
    func takeUp(for job: ClaimedJob, _ context: JobContext) async throws {
        try await context.write(for: job) { transaction in
            try await context.dropCheckpoints(named: Self.name, after: Int64(step), for: job, in: transaction)
            try await StepMetrics.drop(after: step, of: JobAttempt(job), in: transaction)
        }
    }
}

extension ResumePoint: Codable {
    private enum CodingKeys: CodingKey {
        case step, metrics, cut, freeze, verdicts, droppedCount, files
        /// A worker of before `metrics` left the loss alone, and its jobs go on too.
        case loss
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        step = try container.decode(Int.self, forKey: .step)
        if let freeze = try container.decodeIfPresent(FreezeReference.self, forKey: .freeze) {
            data = .freeze(freeze)
        } else if let verdicts = try container.decodeIfPresent(VerdictCut.self, forKey: .verdicts) {
            data = .verdicts(verdicts, on: try container.decode(DataCut.self, forKey: .cut))
        } else {
            data = .cut(try container.decode(DataCut.self, forKey: .cut))
        }
        droppedCount = try container.decode(Int.self, forKey: .droppedCount)
        files = try container.decode([CheckpointFile].self, forKey: .files)
        let loss = try container.decodeIfPresent(Double.self, forKey: .loss)
        metrics =
            try container.decodeIfPresent([String: Double].self, forKey: .metrics) ?? loss.map { ["loss": $0] } ?? [:]
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(step, forKey: .step)
        try container.encode(metrics, forKey: .metrics)
        switch data {
        case .cut(let cut): try container.encode(cut, forKey: .cut)
        case .freeze(let freeze): try container.encode(freeze, forKey: .freeze)
        case .verdicts(let verdicts, let cut):
            try container.encode(cut, forKey: .cut)
            try container.encode(verdicts, forKey: .verdicts)
        }
        try container.encode(droppedCount, forKey: .droppedCount)
        try container.encode(files, forKey: .files)
    }
}
