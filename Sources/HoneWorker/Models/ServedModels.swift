import HoneCatalog
import HoneProblems
import Logging

/// The models that this worker has loaded to answer with: of each model its active checkpoint and its canary.
///
/// What is active is asked anew for every batch of jobs, so a promotion or a rollback takes effect with the next batch,
/// and no notification can be missed. A batch that has begun ends with what it began with.
actor ServedModels {
    private let library: CheckpointLibrary
    private let threads: Int
    private let remote: RemoteModels?
    private let logger = Logger(label: "hone.worker")
    private var loaded: [Int64: ServedModel] = [:]

    /// `remote` are the models that servers elsewhere answer with.
    init(library: CheckpointLibrary, threads: Int, remote: RemoteModels? = nil) {
        self.library = library
        self.threads = threads
        self.remote = remote
    }

    /// What is to answer now; the name may be left out while exactly one model is served.
    func serving(_ name: String?) async throws -> Serving {
        if let name, let remote, let served = try await remote.serving(name) {
            return Serving(active: served, canary: nil)
        }
        let now = try await library.active(name)
        let active = try await model(now.checkpoint, of: now.model)
        let canary = try await canary(now)
        // What answers no more makes room; somebody who still answers with it holds it for so long.
        let kept = [now.checkpoint, now.canary?.checkpoint]
        loaded = loaded.filter { $0.value.name != now.model || kept.contains($0.key) }
        return Serving(active: active, canary: canary)
    }

    /// A canary is a trial: one that cannot be loaded fails no job, the active checkpoint answers in its place.
    private func canary(_ now: ServedCheckpoint) async throws -> Serving.Canary? {
        guard let share = now.canary else { return nil }
        do {
            return Serving.Canary(model: try await model(share.checkpoint, of: now.model), percent: share.percent)
        } catch  where error.isPermanent {
            logger.error("the canary \(now.model)@\(share.checkpoint) cannot be loaded: \(error)")
            return nil
        }
    }

    private func model(_ checkpoint: Int64, of name: String) async throws -> ServedModel {
        if let current = loaded[checkpoint] { return current }
        let model = try await library.load(checkpoint, threads: threads)
        // Somebody else may have loaded it meanwhile; the one that came first stays.
        if let current = loaded[checkpoint] { return current }
        let fresh = ServedModel(
            name: name, engine: model.engine, layout: model.layout, weights: .loaded(checkpoint), local: model)
        loaded[checkpoint] = fresh
        return fresh
    }
}

/// What answers the jobs of a batch.
struct Serving: Sendable {
    let active: ServedModel
    let canary: Canary?

    struct Canary: Sendable {
        let model: ServedModel
        let percent: Int
    }

    /// Decided by the job's number alone, so that a retry is answered by the same checkpoint.
    func model(forJob job: Int64) -> ServedModel {
        guard let canary, Self.isCanary(job: job, percent: canary.percent) else { return active }
        return canary.model
    }

    static func isCanary(job: Int64, percent: Int) -> Bool {
        stableHash(of: "canary \(job)") % 100 < UInt64(percent)
    }
}
