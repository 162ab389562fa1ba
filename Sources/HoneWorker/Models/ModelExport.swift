import Foundation
public import HoneArtifacts
import HoneCatalog
import HoneConcurrency
import HoneDatasets
import HoneModel
public import HonePostgres

/// Writes a checkpoint as a directory in the Hugging Face form.
public struct ModelExport: Sendable {
    private let library: CheckpointLibrary
    private let store: ArtifactStore

    public init(session: any PostgresSession, store: ArtifactStore) {
        library = CheckpointLibrary(session: session, store: store)
        self.store = store
    }

    /// Copies what serving takes, each file checked against its checksum.
    ///
    /// - Parameters:
    ///   - model: `NAME`, for what it serves, else its newest checkpoint.
    ///   - checkpoint: another of its checkpoints.
    ///   - directory: made if it is missing; it must be empty.
    ///   - dequantizing: writes a checkpoint in fewer bits with the weights that they stand for, in 32 bits.
    /// - Returns: the checkpoint and the names of the files.
    /// - Throws: `WorkerError` if there is no such checkpoint or the directory is not empty; `ArtifactError`.
    public func run(
        _ model: String, checkpoint: Int64?, to directory: String, dequantizing: Bool = false
    ) async throws -> (checkpoint: Int64, files: [String]) {
        let found = try await library.find(model, checkpoint: checkpoint)
        let files = try await library.files(of: found).filter { CheckpointFile.servingFiles.contains($0.path) }
        guard files.contains(where: { $0.path == CheckpointFile.weights }) else {
            throw WorkerError.incompleteCheckpoint(id: found, path: CheckpointFile.weights)
        }
        try await offload {
            Result { try write(files, of: "\(model)@\(found)", to: directory, dequantizing: dequantizing) }
        }.get()
        return (found, files.map(\.path))
    }

    private func write(
        _ files: [CheckpointFile], of name: String, to directory: String, dequantizing: Bool
    ) throws {
        let manager = FileManager.default
        try requireHuggingFaceForm(files)
        let place = URL(filePath: directory).standardizedFileURL.path
        let aside = place + ".partial-\(UUID().uuidString)"
        do {
            // Before anything is copied; and what is renamed below takes the place of an empty directory alone.
            if manager.fileExists(atPath: place), try !manager.contentsOfDirectory(atPath: place).isEmpty {
                throw WorkerError.file(path: directory, line: nil, fault: "is not empty; name a new directory")
            }
            try manager.createDirectory(atPath: aside, withIntermediateDirectories: true)
        } catch let error as CocoaError {
            throw WorkerError.file(path: directory, line: nil, fault: "cannot be written: \(error.fileReason)")
        }
        do {
            try fill(aside, with: files, of: name, dequantizing: dequantizing)
            guard rename(aside, place) == 0 else {
                throw WorkerError.file(
                    path: directory, line: nil, fault: "cannot be written: \(String(cString: strerror(errno)))")
            }
        } catch {
            try manager.removeItem(atPath: aside)
            throw error
        }
    }

    private func fill(
        _ directory: String, with files: [CheckpointFile], of name: String, dequantizing: Bool
    ) throws {
        let manager = FileManager.default
        for file in files {
            // A copy of its own: the directory is the user's to change.
            let target = directory + "/" + file.path
            try manager.copyItem(atPath: store.verifiedFile(file.artifact.sha256).path, toPath: target)
            try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target)
        }
        if try ModelConfiguration.read(directory: directory).quantization != nil {
            guard dequantizing else { throw WorkerError.quantizedExport(checkpoint: name) }
            try QuantizedModel(directory: directory).dequantized.save(directory: directory)
        }
        // In the catalog steps go without saying; of a directory that says nothing they are not assumed.
        if try GenerationDefaults.read(directory: directory).statedLayout == nil {
            try GenerationFile(directory: directory).write(to: directory, layout: .steps)
        }
    }

    /// Before anything is written.
    private func requireHuggingFaceForm(_ files: [CheckpointFile]) throws {
        guard let file = files.first(where: { $0.path == "config.json" }) else { return }
        let path = try store.verifiedFile(file.artifact.sha256).path
        let configuration = try JSONDecoder().decode(
            ModelConfiguration.self, from: Data(contentsOf: URL(filePath: path)))
        guard configuration.isHuggingFaceForm else {
            throw WorkerError.file(
                path: file.path, line: nil,
                fault: "has layers of kinds that transformers does not compute (attention_kinds), so there is no "
                    + "directory for it; 'hone generate' and jobs take the checkpoint as it is")
        }
    }
}
