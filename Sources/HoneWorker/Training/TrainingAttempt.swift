import AsyncAlgorithms
import Foundation
import HonePostgres
import HoneQueue
import HoneTraining
import Logging

/// One attempt of a training job: takes up where the attempt before was cut off, and leaves resume points behind.
struct TrainingAttempt<Handler: TrainingHandler> {
    typealias Report = Handler.Training.Report

    let handler: Handler
    let job: ClaimedJob
    let payload: Handler.Payload
    let context: JobContext
    private let recorder = MetricRecorder()

    var resources: WorkerResources { handler.resources }

    /// Trains to the end.
    /// - Returns: The resume point of the last step.
    /// - Throws: `CancellationError` when the worker stops before that; a resume point is left then.
    func run() async throws -> ResumePoint {
        try await ScratchDirectory.with("train-\(job.id)") { scratch in
            let (begun, point) = try await open(scratch: scratch)
            let training = begun.training
            let feed = ProgressFeed<Report>()
            do {
                let isDone = point.step >= payload.effective.steps
                let last = isDone ? point : try await train(training, feed, from: point, scratch: scratch)
                try await training.finish()
                return last
            } catch is StoppedBetweenSteps {
                try await setDown(training, feed, after: point, scratch: scratch)
                throw CancellationError()
            } catch {
                // The numbers that led to it are the ones to look at.
                if error is TrainingError || error is WorkerError { try await recorder.flush(for: job, context) }
                guard let error = error as? TrainingError else { throw error }
                throw error.namingRows(begun.names)
            }
        }
    }

    /// Leaves what is done for the next attempt.
    private func setDown(
        _ training: Handler.Training, _ feed: ProgressFeed<Report>, after point: ResumePoint, scratch: String
    ) async throws {
        guard let report = feed.lastReport, report.step > (feed.lastPoint ?? point).step else { return }
        let directory = scratch + "/drain"
        try await training.writeCheckpoint(to: directory)
        let stopped = try await record(directory, report, after: point)
        try await context.log("stopped after step \(stopped.step), to be continued", for: job)
    }

    private func train(
        _ training: Handler.Training, _ feed: ProgressFeed<Report>, from point: ResumePoint, scratch: String
    ) async throws -> ResumePoint {
        try await withThrowingTaskGroup(of: ResumePoint?.self) { group in
            group.addTask {
                try await report(feed)
                return nil
            }
            group.addTask { try await advance(training, feed, from: point, scratch: scratch) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let last = ended { return last }
            }
            throw CancellationError()
        }
    }

    private func advance(
        _ training: Handler.Training, _ feed: ProgressFeed<Report>, from point: ResumePoint, scratch: String
    ) async throws -> ResumePoint {
        try await training.run(below: scratch) { report in
            feed.put(report)
            recorder.note(report)
            // Before a drain, which would keep the weights.
            if let cause = report.failure {
                throw WorkerError.trainingStopped(cause: cause, lastSoundStep: (feed.lastPoint ?? point).step)
            }
            if context.isDraining { throw StoppedBetweenSteps() }
        } onCheckpoint: { directory in
            guard let report = feed.lastReport else { preconditionFailure("a checkpoint without a step") }
            feed.put(try await record(directory, report, after: point))
        }
        // A run that ended before its last step may have been cut off just after that.
        guard let last = feed.lastPoint ?? (point.step > 0 ? point : nil) else {
            preconditionFailure("training ended without its last checkpoint")
        }
        return last
    }

    /// Moves a checkpoint from the disk into the store and records it.
    private func record(_ directory: String, _ report: Report, after point: ResumePoint) async throws -> ResumePoint {
        let files = try await resources.store.put(directory: directory)
        try FileManager.default.removeItem(atPath: directory)
        let next = ResumePoint(
            step: report.step, metrics: report.checkpointMetrics, data: point.data, droppedCount: point.droppedCount,
            files: files)
        let metrics = recorder.unrecorded
        let inUse = point.files.isEmpty ? nil : Int64(point.step)
        let retention = CheckpointRetention(count: payload.keepResumePoints ?? 2, inUse: inUse)
        try await next.record(for: job, context, keeping: retention, metrics: metrics)
        recorder.settle(metrics)
        return next
    }

    /// Writes progress to the job's row and metrics to the record about once a second, beside the training and never in
    /// its way.
    private func report(_ feed: ProgressFeed<Report>) async throws {
        for await _ in AsyncTimerSequence(interval: .seconds(1), clock: .continuous) {
            guard let report = feed.takeReport() else { continue }
            do {
                try await recorder.flush(for: job, context)
                try await context.report(report.progress(), for: job)
            } catch let error as PostgresError where error.isTransient {
                context.logger.debug("no progress report", metadata: ["error": "\(error)"])
            }
        }
    }
}
