import Foundation
import HoneArtifacts
import HoneCatalog
import HoneRemote

/// Checkpoints laid out in a directory that servers see too, each in a folder of its own with its manifest.
struct WeightShelf: Sendable {
    let directory: URL
    let store: ArtifactStore

    /// Lays a checkpoint out, unless it lies there already; its folder has its name when it is whole.
    func lay(
        _ files: [CheckpointFile], of model: String, checkpoint: Int64
    ) async throws -> (manifest: CheckpointManifest, directory: URL) {
        let serving = files.filter { CheckpointFile.servingFiles.contains($0.path) }
        let manifest = CheckpointManifest(
            weightVersion: "\(checkpoint)",
            files: serving.map {
                CheckpointManifest.File(path: $0.path, bytes: $0.artifact.byteCount, sha256: $0.artifact.sha256.hex)
            })
        let folder = directory.appending(path: "\(model)-\(checkpoint)")
        if !FileManager.default.fileExists(atPath: folder.path) {
            let aside = directory.appending(path: ".\(model)-\(checkpoint)-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
            try await store.lay(serving, in: aside.path)
            try manifest.write(to: aside)
            // Another worker may have been faster; its folder is as good, and is checked like this one.
            if rename(aside.path, folder.path) != 0 { try FileManager.default.removeItem(at: aside) }
        }
        return (manifest, folder)
    }
}
