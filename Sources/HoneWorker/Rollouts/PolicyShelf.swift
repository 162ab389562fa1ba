import Foundation
import HoneArtifacts
import HoneCatalog
import HoneConcurrency
import HoneInference

/// The versions of policies that this worker samples with, as many as a training with a stale step needs.
actor PolicyShelf {
    private struct Version {
        let weights: ArtifactDigest
        /// Its files beside the weights.
        let setting: [CheckpointFile]
        let model: LoadedModel
    }

    private let store: ArtifactStore
    private var loaded: [Version] = []
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
        let setting = files.filter { $0.path != CheckpointFile.weights }
        let former = loaded.last { $0.setting == setting }
        let model =
            if let former {
                try await next(after: former.model, weights: task.weights, threads: threads)
            } else {
                try await load(files, training: task.training, threads: threads)
            }
        loaded.append(Version(weights: task.weights, setting: setting, model: model))
        if loaded.count > Self.capacity { loaded.removeFirst() }
        return model
    }

    private static var limits: GenerationLimits {
        var limits = GenerationLimits()
        limits.batchSize = .max
        return limits
    }

    private func load(_ files: [CheckpointFile], training: Int64, threads: Int) async throws -> LoadedModel {
        try await ScratchDirectory.with("policy-\(training)") { directory in
            try await store.lay(files, in: directory)
            return try await LoadedModel.load(directory: directory, limits: Self.limits, threads: threads)
        }
    }

    /// Most versions come after another one, from which they differ in the weights alone.
    private func next(after former: LoadedModel, weights: ArtifactDigest, threads: Int) async throws -> LoadedModel {
        let file = try await offload { Result { try self.store.verifiedFile(weights) } }.get()
        return try await former.with(weights: file.path, limits: Self.limits, threads: threads)
    }
}
