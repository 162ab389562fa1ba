import HoneArtifacts
import HoneCatalog
import HoneInference

/// The versions of policies that this worker samples with, as many as a training with a stale step needs.
actor PolicyShelf {
    private let store: ArtifactStore
    private var loaded: [(weights: ArtifactDigest, model: LoadedModel)] = []
    private static let capacity = 2

    init(store: ArtifactStore) {
        self.store = store
    }

    /// The version that a task is to be sampled by; every byte is checked.
    /// - Throws: `WorkerError.policyGone` where its files are removed already.
    func policy(of task: RolloutTask, threads: Int) async throws -> LoadedModel {
        if let known = loaded.first(where: { $0.weights == task.weights }) { return known.model }
        guard let files = task.files else {
            throw WorkerError.policyGone(training: task.training, version: task.version)
        }
        let model = try await ScratchDirectory.with("policy-\(task.training)") { directory in
            try await store.lay(files, in: directory)
            var limits = GenerationLimits()
            limits.batchSize = .max
            return try await LoadedModel.load(directory: directory, limits: limits, threads: threads)
        }
        loaded.append((task.weights, model))
        if loaded.count > Self.capacity { loaded.removeFirst() }
        return model
    }
}
