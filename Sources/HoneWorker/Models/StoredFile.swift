import Foundation
import HoneArtifacts
import HoneConcurrency
import HonePostgres

/// A file of a checkpoint in the artifact store.
struct StoredFile: Codable, Sendable, Equatable {
    /// Its name inside the checkpoint, for example `model.safetensors`.
    let path: String
    let artifact: Artifact

    /// What serving the model takes; the rest is for going on with the training.
    static let weights = "model.safetensors"
    static let servingFiles = [weights, "config.json", "tokenizer.json", "generation_config.json"]

    var mediaType: String { path.hasSuffix(".json") ? "application/json" : "application/octet-stream" }
}

extension ArtifactStore {
    /// Stores every file of a directory.
    func put(directory: String) async throws -> [StoredFile] {
        try await offload {
            Result {
                let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                return try names.map { name in
                    StoredFile(path: name, artifact: try self.put(contentsOf: URL(filePath: directory + "/" + name)))
                }
            }
        }.get()
    }

    /// Lays files out in a directory, each checked against its checksum.
    func lay(_ files: [StoredFile], in directory: String) async throws {
        try await offload {
            Result {
                for file in files {
                    try self.materialize(file.artifact.sha256, at: URL(filePath: directory + "/" + file.path))
                }
            }
        }.get()
    }
}
