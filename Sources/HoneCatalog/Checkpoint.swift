public import Foundation
public import HoneArtifacts
public import HoneDatasets
import HonePostgres

/// One immutable state of a model, as the catalog records it.
public struct Checkpoint: Sendable {
    public let id: Int64
    public let model: String
    /// The checkpoint that training started from.
    public let parent: Int64?
    /// Optimizer steps done in all.
    public let step: Int64
    public let config: JSONValue
    public let metrics: JSONValue
    public let job: Int64?
    public let run: Int64?
    public let codeVersion: String?
    /// What it was trained on.
    public let cut: DatasetCut?
    public let seed: Int64?
    public let createdAt: Date
    public let files: [CheckpointFile]

    /// Lays the files out in a directory, each checked: afterwards it can be loaded like any Hugging Face directory.
    /// - Throws: `ArtifactError` if a file is missing or corrupt.
    public func materialize(in directory: URL, from store: ArtifactStore) throws {
        for file in files {
            let target = directory.appending(path: file.path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try store.materialize(file.artifact.sha256, at: target)
        }
    }
}

/// A file of a checkpoint, by its path in the checkpoint's directory.
public struct CheckpointFile: Sendable, Hashable {
    /// For example `model.safetensors`.
    public let path: String
    public let artifact: Artifact

    public init(path: String, artifact: Artifact) {
        self.path = path
        self.artifact = artifact
    }

    /// Stores every file below a directory.
    /// - Throws: `CatalogError` if the directory cannot be read, `ArtifactError` if the store cannot be written.
    public static func storing(directory: URL, in store: ArtifactStore) throws -> [CheckpointFile] {
        let paths: [String]
        do {
            paths = try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
        } catch {
            throw CatalogError.unreadableDirectory(path: directory.path, reason: error.localizedDescription)
        }
        return try paths.compactMap { path in
            let file = directory.appending(path: path)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
            return CheckpointFile(path: path, artifact: try store.put(contentsOf: file))
        }
    }

    /// What the file is, for whoever serves it.
    var mediaType: String {
        switch path.split(separator: ".").last {
        case "json": "application/json"
        case "txt", "jinja": "text/plain"
        default: "application/octet-stream"
        }
    }
}

/// A checkpoint to be recorded; its files lie in the artifact store already.
public struct NewCheckpoint: Sendable {
    public var model: String
    public var step: Int64
    public var config: JSONValue
    public var files: [CheckpointFile]
    public var parent: Int64?
    public var metrics: JSONValue = .object([:])
    /// The attempt that made it; nil for an import.
    public var attempt: JobAttempt?
    public var run: Int64?
    public var codeVersion: String?
    public var cut: DatasetCut?
    public var seed: Int64?

    public init(model: String, step: Int64, config: JSONValue, files: [CheckpointFile]) {
        self.model = model
        self.step = step
        self.config = config
        self.files = files
    }
}

/// How a user names a checkpoint: `NAME` for the active one, `NAME@ID` for any.
public struct CheckpointReference: Sendable, Hashable {
    public let model: String
    public let checkpoint: Int64?

    /// - Throws: `CatalogError.badReference`.
    public init(_ text: String) throws(CatalogError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { throw .badReference(text) }
        model = String(name)
        guard parts.count == 2 else {
            checkpoint = nil
            return
        }
        guard let id = Int64(parts[1]) else { throw .badReference(text) }
        checkpoint = id
    }
}
