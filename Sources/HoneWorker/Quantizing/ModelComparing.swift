import Foundation
public import HoneArtifacts
public import HonePostgres

/// Compares two models, each a directory or a checkpoint of the catalog, as `hone model diff` asks.
public struct ModelComparing: Sendable {
    private let threads: Int
    private let maximumNewTokens: Int

    public init(threads: Int, maximumNewTokens: Int) {
        self.threads = threads
        self.maximumNewTokens = maximumNewTokens
    }

    /// A model on the command line.
    public enum Subject: Sendable {
        case directory(String)
        case checkpoint(model: String, id: Int64?)
    }

    /// - Parameters:
    ///   - parent: what is compared with
    ///   - child: what is compared
    ///   - data: whose measured examples both answer
    ///   - pool: where checkpoints are looked up
    ///   - store: of their files
    /// - Returns: what differs between the two.
    /// - Throws: `WorkerError`, `ModelError`.
    public func run(
        _ parent: Subject, _ child: Subject, _ data: QuantizationData, pool: PostgresPool?, store: ArtifactStore?
    ) async throws -> ModelDifference {
        try await ScratchDirectory.with("diff") { scratch in
            let (before, after) = (
                try await lay(parent, in: scratch + "/parent", pool, store),
                try await lay(child, in: scratch + "/child", pool, store)
            )
            var difference = try await DifferenceMeasurement(
                parent: before, child: after, threads: threads, maximumNewTokens: maximumNewTokens
            ).run(on: data.measured) { _, _ in }
            let report = after.directory + "/" + Quantization.reportFile
            if FileManager.default.fileExists(atPath: report) {
                let earlier = try JSONDecoder().decode(
                    ModelDifference.self, from: Data(contentsOf: URL(filePath: report)))
                difference.sensitivities = earlier.sensitivities
            }
            return difference
        }
    }

    private func lay(
        _ subject: Subject, in directory: String, _ pool: PostgresPool?, _ store: ArtifactStore?
    ) async throws -> DifferenceMeasurement.Side {
        switch subject {
        case .directory(let path): return .init(directory: path, isOwn: false)
        case .checkpoint(let model, let id):
            guard let pool, let store else { preconditionFailure("a checkpoint is compared without its catalog") }
            let library = CheckpointLibrary(session: pool, store: store)
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try await library.lay(library.find(model, checkpoint: id), in: directory)
            return .init(directory: directory, isOwn: true)
        }
    }
}
