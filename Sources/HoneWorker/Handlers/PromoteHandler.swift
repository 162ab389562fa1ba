import HoneCatalog
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
                    let promotion = try await Promotions.promote(
                        payload.checkpoint, of: payload.model, job: job.id, in: transaction)
                    return try PostgresJSON(
                        encoding: Result(
                            model: payload.model, checkpoint: payload.checkpoint, promotion: promotion))
                })
        }
    }
}
