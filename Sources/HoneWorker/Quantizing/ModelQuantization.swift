import Foundation
public import HoneArtifacts
import HoneCatalog
public import HonePostgres

/// Quantizes without the queue: a checkpoint of the catalog, or a directory into another one.
public struct ModelQuantization: Sendable {
    private let settings: QuantizationSettings
    private let threads: Int
    private let speedRuns: Int

    /// - Parameters:
    ///   - settings: what is asked for
    ///   - threads: inside one operator
    ///   - speedRuns: of each speed that is compared; 0 leaves speeds out
    /// - Throws: `WorkerError.payload`, naming the setting that is out of range.
    public init(_ settings: QuantizationSettings, threads: Int, speedRuns: Int = 3) throws {
        self.speedRuns = speedRuns
        try settings.validate()
        self.settings = settings
        self.threads = threads
    }

    /// A new checkpoint of the model, whose parent is the source.
    ///
    /// - Parameters:
    ///   - model: `NAME`, for what it serves, else its newest checkpoint.
    ///   - checkpoint: another of its checkpoints.
    ///   - data: what is looked at and measured on.
    ///   - pool: to the database of the catalog.
    ///   - store: of the checkpoints' files.
    ///   - codeVersion: of this program.
    ///   - onLayer: gets the stage and a layer's path.
    /// - Returns: the new checkpoint, its parent, and what differs between them.
    /// - Throws: `WorkerError`, `ModelError`; nothing is recorded then.
    public func run(
        _ model: String, checkpoint: Int64?, _ data: QuantizationData, pool: PostgresPool, store: ArtifactStore,
        codeVersion: String, onLayer: @Sendable @escaping (_ stage: String, _ layer: String) -> Void
    ) async throws -> (checkpoint: Int64, parent: Int64, difference: ModelDifference) {
        let library = CheckpointLibrary(session: pool, store: store)
        let source = try await library.find(model, checkpoint: checkpoint)
        guard let parent = try await Checkpoints.lineage(of: source, in: pool).first else {
            preconditionFailure("checkpoint \(source) was found and has no lineage")
        }
        return try await ScratchDirectory.with("quantize") { scratch in
            let (from, to) = (scratch + "/parent", scratch + "/child")
            for directory in [from, to] {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            }
            try await library.lay(source, in: from)
            let difference = try await run(directory: from, isOwn: true, to: to, data, onLayer: onLayer)
            var row = try QuantizedCheckpoint(
                parent: parent, settings: settings, cuts: data.cuts, files: try await store.put(directory: to),
                difference: difference
            ).row()
            row.codeVersion = codeVersion
            let recorded = try await pool.withTransaction { [row] transaction in
                try await Checkpoints.record(row, in: transaction)
            }
            return (recorded, source, difference)
        }
    }

    /// A new directory with the model of another, and the report.
    ///
    /// - Parameters:
    ///   - directory: of the model
    ///   - isOwn: whether that is a checkpoint of Hone's
    ///   - target: a directory that is there and empty
    ///   - data: what is looked at and measured on
    ///   - onLayer: gets the stage and a layer's path
    /// - Returns: what differs between the two.
    /// - Throws: `WorkerError`, `ModelError`.
    public func run(
        directory: String, isOwn: Bool = false, to target: String, _ data: QuantizationData,
        onLayer: @Sendable @escaping (_ stage: String, _ layer: String) -> Void
    ) async throws -> ModelDifference {
        let outcome = try await Quantization(
            settings: settings, source: directory, isOwn: isOwn, threads: threads
        ).write(calibratedOn: data.calibrating, from: data.origin, to: target, onLayer: onLayer)
        var difference = try await DifferenceMeasurement(
            parent: .init(directory: directory, isOwn: isOwn), child: .init(directory: target, isOwn: isOwn),
            threads: threads, maximumNewTokens: settings.maximumNewTokens, speedRuns: speedRuns
        ).run(on: data.measured) { _, _ in }
        difference.sensitivities = outcome.sensitivities
        try QuantizedCheckpoint.check(difference, settings)
        try difference.write(to: target + "/" + Quantization.reportFile)
        return difference
    }
}
