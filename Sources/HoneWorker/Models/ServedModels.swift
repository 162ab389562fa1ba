/// The active checkpoints that this worker has loaded, one per model; one goes when its checkpoint is active no more.
actor ServedModels {
    private let library: CheckpointLibrary
    private let threads: Int
    private var loaded: [String: ServedModel] = [:]

    init(library: CheckpointLibrary, threads: Int) {
        self.library = library
        self.threads = threads
    }

    /// The model as it is to answer now; the name may be left out while exactly one model is served.
    func model(_ name: String?) async throws -> ServedModel {
        let active = try await library.active(name)
        if let current = loaded[active.model], current.checkpoint == active.checkpoint { return current }
        let model = try await library.load(active.checkpoint, threads: threads)
        // Somebody else may have loaded it meanwhile; the one that came first stays.
        if let current = loaded[active.model], current.checkpoint == active.checkpoint { return current }
        let fresh = ServedModel(name: active.model, checkpoint: active.checkpoint, model: model)
        loaded[active.model] = fresh
        return fresh
    }
}

/// The active checkpoint of a model.
struct ServedModel: Sendable {
    let name: String
    let checkpoint: Int64
    let model: LoadedModel
}
