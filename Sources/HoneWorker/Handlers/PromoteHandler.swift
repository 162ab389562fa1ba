import HonePostgres
import HoneQueue

/// `promote`: makes a checkpoint that passed its gate the active one. `hone.promote` refuses any other.
struct PromoteHandler: JobHandler {
    static let kind = "promote"

    private struct Result: Encodable {
        let model: String
        let checkpoint: Int64
        let promotion: Int64
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(PromotePayload.self, of: job)
            try await context.complete(
                job,
                producing: { transaction in
                    let rows = try await transaction.query(
                        PostgresQuery(
                            "SELECT hone.promote(\(payload.model), \(payload.checkpoint), \(job.id)) AS promotion"
                        ).named("promote"))
                    return try PostgresJSON(
                        encoding: Result(
                            model: payload.model, checkpoint: payload.checkpoint,
                            promotion: try rows[0].decode("promotion")))
                })
        }
    }
}
