import Foundation
import HoneArtifacts
import HoneCatalog
import HoneConcurrency
import HoneModel

extension CheckpointFile {
    static let weights = "model.safetensors"
    /// What serving the model takes, where it is there; the rest is for going on with the training.
    static let servingFiles = [
        weights, "config.json", "tokenizer.json", "generation_config.json", "tokenizer_config.json",
        "special_tokens_map.json", "chat_template.jinja", RoutingParts.configurationFile, RoutingParts.exitFile,
        RoutingParts.routerFile,
    ]
}

extension ArtifactStore {
    /// Stores every file of a directory.
    func put(directory: String) async throws -> [CheckpointFile] {
        try await offload {
            Result {
                let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
                return try names.map { name in
                    let artifact = try self.put(contentsOf: URL(filePath: directory + "/" + name))
                    return CheckpointFile(path: name, artifact: artifact)
                }
            }
        }.get()
    }

    /// Lays files out in a directory, each checked against its checksum.
    func lay(_ files: [CheckpointFile], in directory: String) async throws {
        try await offload {
            Result {
                for file in files {
                    try self.materialize(file.artifact.sha256, at: URL(filePath: directory + "/" + file.path))
                }
            }
        }.get()
    }
}
