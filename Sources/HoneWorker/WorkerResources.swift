public import HoneArtifacts
public import HonePostgres

/// What the handlers of one worker share.
public struct WorkerResources: Sendable {
    let store: ArtifactStore
    let checkpoints: CheckpointLibrary
    let served: ServedModels
    /// Threads inside one operator, for generation; a training run brings its own number.
    let threads: Int
    /// What wrote the results, for those who ask later.
    let codeVersion: String

    public init(pool: PostgresPool, store: ArtifactStore, threads: Int, codeVersion: String) {
        self.store = store
        self.threads = threads
        self.codeVersion = codeVersion
        checkpoints = CheckpointLibrary(session: pool, store: store)
        served = ServedModels(library: checkpoints, threads: threads)
    }
}
