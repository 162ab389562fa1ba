public import HoneArtifacts
public import HoneCatalog
public import HoneInference
public import HonePostgres
public import HoneTensor
import HoneTraining

/// The checkpoints of the catalog with their files in the artifact store.
public struct CheckpointLibrary: Sendable {
    private let session: any PostgresSession
    private let store: ArtifactStore
    private let device: Device

    /// `device` is where loaded models answer.
    public init(session: any PostgresSession, store: ArtifactStore, device: Device = .cpu) {
        self.session = session
        self.store = store
        self.device = device
    }

    /// The files of a checkpoint.
    func files(of checkpoint: Int64) async throws -> [CheckpointFile] {
        let files = try await Checkpoints.files(of: checkpoint, in: session)
        guard !files.isEmpty else {
            throw WorkerError.notFound(
                noun: "checkpoint", name: "\(checkpoint)", mend: "'hone model list' shows those that there are")
        }
        return files
    }

    /// The files of a checkpoint that writes answers.
    /// - Throws: `WorkerError.judge` for a reward model.
    func files(ofPolicy checkpoint: Int64) async throws -> [CheckpointFile] {
        let files = try await files(of: checkpoint)
        guard RewardModel.kind(ofFiles: files.map(\.path)) == nil else {
            throw WorkerError.judge(checkpoint: checkpoint)
        }
        return files
    }

    /// Lays out in a directory what serving a checkpoint takes, and the report of its quantization where it has one.
    func lay(_ checkpoint: Int64, in directory: String) async throws {
        let wanted = CheckpointFile.servingFiles + [Quantization.reportFile]
        try await store.lay(files(ofPolicy: checkpoint).filter { wanted.contains($0.path) }, in: directory)
    }

    /// Loads a checkpoint; every byte is checked against the catalog's checksums. `threads` work inside one operator.
    public func load(
        _ checkpoint: Int64, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        let files = try await files(ofPolicy: checkpoint).filter { CheckpointFile.servingFiles.contains($0.path) }
        for path in [CheckpointFile.weights, "config.json", "tokenizer.json"]
        where !files.contains(where: { $0.path == path }) {
            throw WorkerError.incompleteCheckpoint(id: checkpoint, path: path)
        }
        return try await ScratchDirectory.with("checkpoint-\(checkpoint)") { directory in
            try await store.lay(files, in: directory)
            return try await LoadedModel.load(
                directory: directory, checkpoint: checkpoint, limits: limits, threads: threads, device: device)
        }
    }

    /// What a model serves now; the name may be left out while exactly one model is served.
    public func active(_ model: String?) async throws -> ServedCheckpoint {
        let active = try await Checkpoints.active(model, in: session)
        if active.count == 1 { return active[0] }
        guard let model else { throw WorkerError.modelNotNamed(activeCount: active.count) }
        guard try await Models.exists(model, in: session) else {
            throw WorkerError.notFound(
                noun: "model", name: model, mend: "'hone model list' shows those that there are")
        }
        throw WorkerError.noActiveCheckpoint(model: model)
    }

    /// The checkpoint `NAME@CHECKPOINT`, or the active one of `NAME`, else its newest.
    public func find(_ model: String, checkpoint: Int64?) async throws -> Int64 {
        guard let found = try await Checkpoints.find(checkpoint, of: model, in: session) else {
            throw WorkerError.notFound(
                noun: checkpoint == nil ? "model" : "checkpoint", name: checkpoint.map { "\(model)@\($0)" } ?? model,
                mend: "'hone model list' shows those that there are; a directory of a model serves too")
        }
        return found
    }
}
