import HoneInference

/// The active checkpoints that this worker has loaded, one engine per model; an engine goes when its checkpoint is
/// active no more.
actor ServedModels {
    private let library: CheckpointLibrary
    private let threads: Int
    private var loaded: [String: ServedModel] = [:]

    init(library: CheckpointLibrary, threads: Int) {
        self.library = library
        self.threads = threads
    }

    /// The model as it is to answer now.
    /// - Parameter name: May be left out while exactly one model is served.
    func model(_ name: String?) async throws -> ServedModel {
        let active = try await library.active(name)
        if let current = loaded[active.model], current.checkpoint == active.checkpoint { return current }
        let model = try await library.load(active.checkpoint)
        // Somebody else may have loaded it meanwhile; the one that came first stays.
        if let current = loaded[active.model], current.checkpoint == active.checkpoint { return current }
        let fresh = ServedModel(model, name: active.model, checkpoint: active.checkpoint, threads: threads)
        loaded[active.model] = fresh
        return fresh
    }
}

/// A checkpoint ready to answer.
struct ServedModel: Sendable {
    /// The model's name; empty for a checkpoint that is only measured.
    let name: String
    let checkpoint: Int64
    let model: LoadedModel
    let engine: GenerationEngine

    init(_ model: LoadedModel, name: String = "", checkpoint: Int64, threads: Int) {
        self.name = name
        self.checkpoint = checkpoint
        self.model = model
        engine = GenerationEngine(model: model.network, tokenizer: model.tokenizer, threads: threads)
    }
}
