import AsyncAlgorithms
import Foundation
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTokenizer
import HoneTraining
import Logging

/// One attempt of a training job: takes up where the attempt before was cut off, and leaves resume points behind.
struct TrainingRun {
    let job: ClaimedJob
    let payload: TrainPayload
    let context: JobContext
    let resources: WorkerResources
    private let recorder = MetricRecorder()

    /// Thrown out of a step when the worker is about to stop.
    private struct Draining: Error {
        let report: StepReport
    }

    /// Trains to the end.
    /// - Returns: The resume point of the last step.
    /// - Throws: `CancellationError` when the worker stops before that; a resume point is left then.
    func run() async throws -> ResumePoint {
        try await ScratchDirectory.with("train-\(job.id)") { scratch in
            let (session, point) = try await open(scratch: scratch)
            if point.step >= payload.effective.steps { return point }
            do {
                return try await train(session, from: point, scratch: scratch)
            } catch let draining as Draining {
                let directory = scratch + "/drain"
                try await session.writeCheckpoint(to: directory)
                let report = draining.report
                let stopped = try await record(directory, step: report.step, loss: report.loss, after: point)
                try await context.log("stopped after step \(stopped.step), to be continued", for: job)
                throw CancellationError()
            } catch let error as TrainingError {
                // The numbers that led to it are the ones to look at.
                try await recorder.flush(for: job, context)
                throw error
            }
        }
    }

    private func train(
        _ session: TrainingSession, from point: ResumePoint, scratch: String
    ) async throws -> ResumePoint {
        let feed = ProgressFeed()
        return try await withThrowingTaskGroup(of: ResumePoint?.self) { group in
            group.addTask {
                try await report(feed)
                return nil
            }
            group.addTask { try await advance(session, feed, from: point, scratch: scratch) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let last = ended { return last }
            }
            throw CancellationError()
        }
    }

    private func advance(
        _ session: TrainingSession, _ feed: ProgressFeed, from point: ResumePoint, scratch: String
    ) async throws -> ResumePoint {
        try await session.run(checkpointsIn: scratch) { report in
            feed.put(report)
            recorder.note(report)
            if context.isDraining { throw Draining(report: report) }
        } onCheckpoint: { checkpoint in
            let next = try await record(
                checkpoint.directory, step: checkpoint.step, loss: checkpoint.report.loss, after: point)
            feed.put(next)
        }
        guard let last = feed.lastPoint else { preconditionFailure("training ended without its last checkpoint") }
        return last
    }

    /// Moves a checkpoint from the disk into the store and records it.
    private func record(
        _ directory: String, step: Int, loss: Double?, after point: ResumePoint
    ) async throws -> ResumePoint {
        let files = try await resources.store.put(directory: directory)
        try FileManager.default.removeItem(atPath: directory)
        let next = ResumePoint(
            step: step, loss: loss, cut: point.cut, droppedCount: point.droppedCount, files: files)
        let metrics = recorder.unrecorded
        let inUse = point.files.isEmpty ? nil : Int64(point.step)
        let retention = CheckpointRetention(count: payload.keepResumePoints ?? 2, inUse: inUse)
        try await next.record(for: job, context, keeping: retention, metrics: metrics)
        recorder.settle(metrics)
        return next
    }

    /// Writes progress to the job's row and metrics to the record about once a second, beside the training and never in
    /// its way.
    private func report(_ feed: ProgressFeed) async throws {
        for await _ in AsyncTimerSequence(interval: .seconds(1), clock: .continuous) {
            guard let report = feed.takeReport() else { continue }
            do {
                try await recorder.flush(for: job, context)
                try await context.report(PostgresJSON(encoding: TrainingProgress(report)), for: job)
            } catch let error as PostgresError where error.isTransient {
                context.logger.debug("no progress report", metadata: ["error": "\(error)"])
            }
        }
    }
}
