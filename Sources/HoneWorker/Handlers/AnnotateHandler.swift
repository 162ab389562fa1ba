import HoneFeedback
import HonePostgres
import HoneQueue

/// `annotate`: a simulated annotator that answers label tasks made for simulation until none is left for it. Its labels
/// are marked as simulated; run again, it goes on where it stopped, since nobody labels a task twice.
struct AnnotateHandler: JobHandler {
    static let kind = "annotate"

    private struct Result: Encodable {
        let labeller: String
        let labelled: Int
        let skipped: Int
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(AnnotatePayload.self, of: job)
            let result = try await annotate(payload, job, context)
            try await context.complete(job, result: PostgresJSON(encoding: result))
        }
    }

    private func annotate(_ payload: AnnotatePayload, _ job: ClaimedJob, _ context: JobContext) async throws -> Result {
        let desk = LabelDesk(
            labeller: payload.name ?? "simulated-\(payload.seed)", source: .simulated, session: context.pool)
        let annotator = SimulatedAnnotator(
            utility: payload.utility ?? .init(), flipRate: payload.flipRate ?? 0, seed: payload.seed)
        let kinds = try payload.wantedKinds
        let lease = Duration.seconds(payload.leaseSeconds ?? 60)
        var labelled = 0
        var skipped = 0
        while labelled < payload.limit ?? .max {
            guard context.isWanted(job), !context.isDraining else { throw CancellationError() }
            guard let question = try await desk.next(kinds, lease: lease) else { break }
            do {
                if let judgement = annotator.judge(question) {
                    try await desk.submit(judgement, for: question.slot)
                    labelled += 1
                } else {
                    try await desk.skip(question.slot, reason: "cannot be simulated")
                    skipped += 1
                }
            } catch let error as PostgresError where error.sqlState == .leaseLost {
                continue  // it was too slow, and somebody else has the slot
            }
        }
        return Result(labeller: desk.labeller, labelled: labelled, skipped: skipped)
    }
}
