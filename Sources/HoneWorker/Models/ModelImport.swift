import Foundation
public import HoneArtifacts
import HoneCatalog
import HoneConcurrency
public import HoneModel
public import HonePostgres

/// Takes a Hugging Face directory into the catalog: checked whole, its weights in one file, the rest as it is.
public struct ModelImport: Sendable {
    private let pool: PostgresPool
    private let store: ArtifactStore

    public init(pool: PostgresPool, store: ArtifactStore) {
        self.pool = pool
        self.store = store
    }

    /// - Parameters:
    ///   - directory: in the Hugging Face form.
    ///   - name: the model's, which is made if it is not there.
    ///   - layout: whether prompts are turns of a conversation or texts; left out, what the directory says, else turns
    ///     where there is a chat template.
    /// - Returns: What was recorded, a checkpoint of that model.
    /// - Throws: `ModelError`, `TensorError`, `TokenizerError`, `TemplateError` or `WorkerError`, naming the file and
    ///   what is wrong with it. Nothing is recorded then.
    public func run(directory: String, name: String, layout: AnswerLayout?) async throws -> ImportedModel {
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,127}/) != nil else {
            throw WorkerError.payload(key: "name", fault: "'\(name)' is no name: letters, digits, '.', '_' and '-'")
        }
        let directory = URL(filePath: directory).standardizedFileURL.path
        return try await ScratchDirectory.with("import") { scratch in
            let found = try await offload {
                Result { try ImportInspection(directory: directory, layout: layout, writingTo: scratch) }
            }.get()
            let sources = try await digests(of: found.sources, in: directory)
            let origin = ModelOrigin(directory: directory, files: sources)
            try origin.json().write(to: URL(filePath: scratch + "/" + ModelOrigin.fileName))
            let files = try await store.put(directory: scratch)
            let config = ImportedConfiguration(origin, found, manifest: files)
            let checkpoint = try await pool.withTransaction { transaction in
                try await Checkpoints.record(
                    NewCheckpoint(model: name, step: 0, config: PostgresJSON(encoding: config), files: files),
                    in: transaction)
            }
            return ImportedModel(
                model: name, checkpoint: checkpoint, kind: found.configuration.kind.rawValue,
                parameters: found.configuration.parameterCount, layout: found.layout.rawValue, sha256: config.sha256,
                notes: found.notes)
        }
    }

    private func digests(of names: [String], in directory: String) async throws -> [String: String] {
        try await offload {
            Result {
                var digests: [String: String] = [:]
                for name in names {
                    digests[name] = try ArtifactDigest(ofFile: URL(filePath: directory + "/" + name)).hex
                }
                return digests
            }
        }.get()
    }
}

/// What an import recorded.
public struct ImportedModel: Encodable, Sendable {
    public let model: String
    public let checkpoint: Int64
    public let kind: String
    public let parameters: Int
    public let layout: String
    /// Of the manifest of the files that it was made from.
    public let sha256: String
    /// What somebody should know who uses it.
    public let notes: [String]

    enum CodingKeys: String, CodingKey {
        case model, checkpoint, parameters, layout, sha256, notes
        case kind = "model_type"
    }
}

/// Where a model came from, as a file of its checkpoint.
private struct ModelOrigin: Encodable {
    static let fileName = "import.json"

    let directory: String
    /// SHA-256 by name.
    let files: [String: String]

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}

/// What the catalog says of the checkpoint.
private struct ImportedConfiguration: Encodable {
    let importedFrom: String
    let sha256: String
    let modelType: String
    let parameters: Int

    init(_ origin: ModelOrigin, _ found: ImportInspection, manifest files: [CheckpointFile]) {
        importedFrom = origin.directory
        sha256 = files.first { $0.path == ModelOrigin.fileName }?.artifact.sha256.hex ?? ""
        modelType = found.configuration.kind.rawValue
        parameters = found.configuration.parameterCount
    }

    enum CodingKeys: String, CodingKey {
        case sha256, parameters
        case importedFrom = "imported_from"
        case modelType = "model_type"
    }
}
