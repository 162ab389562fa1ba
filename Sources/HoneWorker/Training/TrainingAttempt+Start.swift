import HoneArtifacts
import HoneCatalog
import HoneQueue
import HoneTraining

extension TrainingAttempt {
    /// Opens the training at the newest resume point whose files are whole; at the beginning if there is none yet.
    func open(scratch: String) async throws -> (BegunTraining<Handler.Training>, ResumePoint) {
        let begun = try await resumePoints()
        var fault: (any Error)?
        for point in begun {
            // That a file is missing may be the store's fault; then the beginning, which needs none, is no way out.
            if case ArtifactError.missing? = fault, point.files.isEmpty { break }
            do {
                return try await open(point, scratch: scratch)
            } catch  where error.isLossOfFiles {
                fault = fault ?? error
                try await context.log(
                    "the resume point of step \(point.step) cannot be used: \(error)", level: .warning, for: job)
            }
        }
        guard let fault else { preconditionFailure("job \(job.id) has no resume point and began with none") }
        throw fault
    }

    /// Where this attempt may begin, newest first. What is read is recorded before the first step, so that every
    /// attempt reads the same.
    private func resumePoints() async throws -> [ResumePoint] {
        let points = try await ResumePoint.all(of: job, context)
        if !points.isEmpty { return points }
        let data = try await payload.source.fix(in: context.pool)
        let point = ResumePoint(step: 0, metrics: [:], data: data, droppedCount: 0, files: [])
        try await point.record(for: job, context)
        return [point]
    }

    private func open(
        _ point: ResumePoint, scratch: String
    ) async throws -> (BegunTraining<Handler.Training>, ResumePoint) {
        let start = try await TrainingStart(
            point, of: job, payload: payload, resources: resources, context: context, scratch: scratch)
        let begun = try await handler.begin(start)
        let opened = ResumePoint(
            step: point.step, metrics: point.metrics, data: point.data, droppedCount: begun.droppedCount,
            files: point.files)
        try await opened.takeUp(for: job, context)
        try await tell(opened, exampleCount: begun.exampleCount)
        for warning in begun.warnings { try await context.log(warning, level: .warning, for: job) }
        return (begun, opened)
    }

    private func tell(_ point: ResumePoint, exampleCount: Int) async throws {
        let start = point.step == 0 ? "training" : "going on after step \(point.step)"
        let dropped = point.droppedCount == 0 ? "" : "; \(point.droppedCount) do not fit and are left out"
        try await context.log(
            "\(start): \(payload.effective.steps) steps over \(exampleCount) examples\(dropped)", for: job)
    }
}

extension Error {
    /// Whether the bytes of a resume point are gone or changed, as against a disk that does not answer now.
    fileprivate var isLossOfFiles: Bool {
        switch self as any Error {
        case ArtifactError.missing, ArtifactError.corrupt, TrainingError.damagedCheckpoint: true
        default: false
        }
    }
}
