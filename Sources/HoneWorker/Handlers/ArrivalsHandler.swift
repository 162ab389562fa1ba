import HoneCatalog
import HonePostgres
import HoneQueue

/// `arrivals`: the beginning of a run that goes on from the one before. Gives the run what arrived since the last
/// successful one, each example to one successful run, and says which checkpoint is active.
struct ArrivalsHandler: JobHandler {
    static let kind = "arrivals"

    private struct Result: Encodable {
        let dataset: String
        let cut: DataCut
        let count: Int
        let checkpoint: Int64
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(ArrivalsPayload.self, of: job)
            guard let run = job.runID else {
                throw WorkerError.payload(key: nil, fault: "is a stage's, and this job is of no pipeline's run")
            }
            try await context.complete(
                job,
                producing: { transaction in
                    guard let active = try await Checkpoints.activeID(of: payload.model, in: transaction) else {
                        throw WorkerError.payload(
                            key: "model", fault: "\(payload.model) serves no checkpoint yet; promote a first one")
                    }
                    let cut = try await DataCut.takeArrivals(
                        dataset: payload.dataset, split: payload.split ?? "train", run: run, in: transaction)
                    return try PostgresJSON(
                        encoding: Result(dataset: payload.dataset, cut: cut, count: cut.count, checkpoint: active))
                })
        }
    }
}
