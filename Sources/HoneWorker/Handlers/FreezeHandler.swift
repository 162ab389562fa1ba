import HoneFeedback
import HonePostgres
import HoneQueue

/// `freeze`: a named cut of the labels that stand, which training jobs read.
struct FreezeHandler: JobHandler {
    static let kind = "freeze"

    private struct Result: Encodable {
        let freeze: String
        let form: Freeze.Form
        let rows: Int
        let sha256: String
        let labels: Int?
        let contradictions: Int?
        let undecided: Int?

        init(_ freeze: Freeze, _ report: FreezeReport? = nil) {
            self.freeze = freeze.name
            form = freeze.form
            rows = freeze.rowCount
            sha256 = freeze.sha256
            labels = report?.labelCount
            contradictions = report?.contradictionCount
            undecided = report?.undecidedCount
        }
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(FreezePayload.self, of: job)
            let result = try await freeze(payload, job, context)
            try await context.complete(job, result: PostgresJSON(encoding: result))
        }
    }

    /// The name is this job's alone, so a freeze that is there was taken by an attempt that was lost before it could
    /// say so.
    private func freeze(_ payload: FreezePayload, _ job: ClaimedJob, _ context: JobContext) async throws -> Result {
        let name = "\(payload.name)-\(job.id)"
        do {
            let report = try await take(name, payload, context.pool)
            for labeller in report.leftOut { try await context.log("\(labeller)", level: .warning, for: job) }
            return Result(report.freeze, report)
        } catch FeedbackError.freezeExists {
            return Result(try await Freeze.find(name, in: context.pool))
        }
    }

    private func take(_ name: String, _ payload: FreezePayload, _ pool: PostgresPool) async throws -> FreezeReport {
        let weighting = payload.weighting ?? .equal
        let selection = LabelSelection(
            payload.kind, source: payload.source ?? .person, origin: payload.origin, checkpoint: payload.checkpoint)
        return payload.kind == .steps
            ? try await Freeze.take(name, steps: selection, weighting: weighting, using: pool)
            : try await Freeze.take(name, preferences: selection, weighting: weighting, using: pool)
    }
}
