import Foundation
import HoneArtifacts
import HoneCatalog
import HoneConcurrency
import HoneHTTP
import HoneInference
import HonePostgres
import HoneRemote

/// The models of this worker that servers elsewhere answer with.
actor RemoteModels {
    private let models: [String: RemoteModel]
    private let library: CheckpointLibrary
    private let pool: PostgresPool
    private let store: ArtifactStore
    private let client = HTTPClient()
    private var served: [String: ServedModel] = [:]
    /// Rows of the catalog for weights that servers have of their own.
    private var recorded: [RemoteCheckpoint: Int64] = [:]

    init(_ file: EnginesFile, library: CheckpointLibrary, pool: PostgresPool, store: ArtifactStore) {
        models = file.models
        self.library = library
        self.pool = pool
        self.store = store
    }

    /// What is to answer for a model; nil where it is not served elsewhere.
    func serving(_ name: String) async throws -> ServedModel? {
        guard let model = models[name] else { return nil }
        if let directory = model.handOver { return try await handedOver(name, model, under: directory) }
        if let known = served[name] { return known }
        let layout = try await layout(model)
        let fresh = ServedModel(
            name: name, engine: RemoteEngine(model.engine, tokenizer: layout?.tokenizer, client: client),
            layout: layout, weights: .servers(self))
        served[name] = fresh
        return fresh
    }

    private func layout(_ model: RemoteModel) async throws -> PromptLayout? {
        guard model.engine.usesTokenIDs, let directory = model.tokenizer else { return nil }
        return try await PromptLayout.load(directory: directory, isOwn: false)
    }

    // MARK: Hone's own checkpoints

    /// The active checkpoint, handed over to the servers first where they do not have it yet.
    private func handedOver(_ name: String, _ model: RemoteModel, under directory: String) async throws -> ServedModel {
        let active = try await library.active(name).checkpoint
        if let known = served[name], known.weights.checkpoint == active { return known }
        let shelf = WeightShelf(directory: URL(filePath: directory), store: store)
        let files = try await library.files(of: active)
        let laid = try await shelf.lay(files, of: name, checkpoint: active)
        let handOver = WeightHandOver(model.engine, client: client)
        do {
            // One worker at a time; the others find the servers ready.
            try await pool.withTransaction { transaction in
                try await transaction.execute(
                    PostgresQuery("SELECT pg_advisory_xact_lock(hashtextextended(\(name), 1752133223))")
                        .named("wait for other workers that hand weights over"))
                try await handOver.run(laid.manifest, in: laid.directory)
            }
        } catch let error as HandOverError {
            throw EngineFailure.unavailable("\(error)", retryAfter: .seconds(15))
        }
        let layout = try await PromptLayout.load(directory: laid.directory.path, isOwn: true)
        var engine = model.engine
        engine.weightVersion = laid.manifest.weightVersion
        engine.contextLength = min(engine.contextLength ?? .max, layout.contextLength)
        let fresh = ServedModel(
            name: name, engine: RemoteEngine(engine, tokenizer: layout.tokenizer, client: client), layout: layout,
            weights: .handedOver(active))
        served[name] = fresh
        return fresh
    }

    // MARK: Servers' own weights

    /// The catalog's row for weights that the servers of a model call `version`; made when they first answer.
    func checkpoint(of name: String, version: String?) async throws -> Int64 {
        let remote = RemoteCheckpoint(
            model: name, servedName: models[name]?.engine.model, weightVersion: version ?? RemoteCheckpoint.unversioned)
        if let known = recorded[remote] { return known }
        let id = try await remote.record(in: pool)
        recorded[remote] = id
        return id
    }
}

/// Weights that servers have of their own, as the catalog records them: without files.
struct RemoteCheckpoint: Hashable, Encodable {
    let model: String
    let servedName: String?
    let weightVersion: String

    /// What is written for servers that do not name their weights.
    static let unversioned = "unversioned"

    private enum CodingKeys: String, CodingKey {
        case servedName = "remote_model"
        case weightVersion = "weight_version"
    }

    /// Finds the row, or makes it; two workers make one.
    func record(in pool: PostgresPool) async throws -> Int64 {
        try await pool.withTransaction { transaction in
            let config = try PostgresJSON(encoding: self)
            try await transaction.execute(
                PostgresQuery("SELECT pg_advisory_xact_lock(hashtextextended(\(model), 1752133224))")
                    .named("wait for other workers that record a remote checkpoint"))
            let found = try await transaction.query(
                PostgresQuery(
                    """
                    SELECT c.id FROM hone.checkpoints c JOIN hone.models m ON m.id = c.model_id
                    WHERE m.name = \(model) AND c.config = \(config) ORDER BY c.id LIMIT 1
                    """
                ).named("find a remote checkpoint"))
            if let row = found.first { return try row.decode("id") }
            return try await Checkpoints.record(
                NewCheckpoint(model: model, step: 0, config: config, files: []), in: transaction)
        }
    }
}
