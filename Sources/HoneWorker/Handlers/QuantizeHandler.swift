import Foundation
import HoneArtifacts
import HoneCatalog
import HonePostgres
import HoneQueue

/// `quantize`: puts a checkpoint's weights into fewer bits, compares the two, and records the result as a checkpoint of
/// the same model whose parent is the source.
///
/// Killed between its two halves, the next attempt goes on with the files of the first.
struct QuantizeHandler: JobHandler {
    static let kind = "quantize"
    private static let halfWay = "quantized"

    let resources: WorkerResources

    private struct Result: Encodable {
        let model: String
        let checkpoint: Int64
        let parent: Int64
        let metrics: [String: Double]
    }

    private struct Progress: Encodable {
        let stage: String
        var layer: String?
        var done: Int?
        var total: Int?
    }

    /// What the first half left.
    private struct Made: Codable {
        let parent: Int64
        let cuts: [DataCut]
        let files: [CheckpointFile]
        let outcome: Quantization.Outcome
    }

    func run(_ jobs: [ClaimedJob], context: JobContext) async throws {
        for job in jobs {
            let payload = try await context.payload(QuantizePayload.self, of: job)
            try await quantize(job, payload, context)
        }
    }

    private func quantize(_ job: ClaimedJob, _ payload: QuantizePayload, _ context: JobContext) async throws {
        let earlier = try await context.checkpoints(named: Self.halfWay, for: job).first.map {
            try $0.state.decode(Made.self)
        }
        let source: Int64
        if let earlier {
            source = earlier.parent
        } else {
            source = try await resources.checkpoints.find(payload.model, checkpoint: payload.checkpoint)
        }
        guard let parent = try await Checkpoints.lineage(of: source, in: context.pool).first else {
            throw WorkerError.notFound(
                noun: "checkpoint", name: "\(source)", mend: "'hone model list' shows those that there are")
        }
        let data = try await data(of: payload, earlier, context)
        try await ScratchDirectory.with("quantize-\(job.id)") { scratch in
            let directories = ["parent", "child"].map { scratch + "/" + $0 }
            for directory in directories {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            }
            try await resources.checkpoints.lay(source, in: directories[0])
            let made: Made
            if let earlier {
                try await resources.store.lay(earlier.files, in: directories[1])
                made = earlier
            } else {
                made = try await make(job, payload.settings, data, source, directories, context)
            }
            let row = try await measured(job, payload.settings, data, made, parent, directories, context)
            try await complete(job, row, context)
        }
    }

    private func data(
        of payload: QuantizePayload, _ earlier: Made?, _ context: JobContext
    ) async throws -> QuantizationData {
        if let cuts = earlier?.cuts, cuts.count == 2 {
            return try await QuantizationData(cuts: cuts, payload.settings, from: context.pool)
        }
        guard let dataset = payload.dataset else { return .nothing }
        return try await QuantizationData(
            dataset: dataset, split: payload.split ?? "train", measuredSplit: payload.measuredSplit ?? "test",
            payload.settings, from: context.pool)
    }

    private func make(
        _ job: ClaimedJob, _ settings: QuantizationSettings, _ data: QuantizationData, _ source: Int64,
        _ directories: [String], _ context: JobContext
    ) async throws -> Made {
        try await context.report(PostgresJSON(encoding: Progress(stage: "quantizing")), for: job)
        let outcome = try await Quantization(
            settings: settings, source: directories[0], isOwn: true, threads: resources.threads
        ).write(calibratedOn: data.calibrating, from: data.origin, to: directories[1]) { _, _ in
            if context.isCancelled || context.isDraining { throw CancellationError() }
        }
        let made = Made(
            parent: source, cuts: data.cuts, files: try await resources.store.put(directory: directories[1]),
            outcome: outcome)
        let weights = made.files.first { $0.path == CheckpointFile.weights }.map { Data($0.artifact.sha256.bytes) }
        try await context.save(
            JobCheckpoint(
                name: Self.halfWay, ordinal: 1, state: PostgresJSON(encoding: made), artifactSHA256: weights),
            for: job)
        return made
    }

    private func measured(
        _ job: ClaimedJob, _ settings: QuantizationSettings, _ data: QuantizationData, _ made: Made,
        _ parent: LineageEntry, _ directories: [String], _ context: JobContext
    ) async throws -> QuantizedCheckpoint {
        var difference = try await DifferenceMeasurement(
            parent: .init(directory: directories[0], isOwn: true), child: .init(directory: directories[1], isOwn: true),
            threads: resources.threads, maximumNewTokens: settings.maximumNewTokens
        ).run(on: data.measured) { done, total in
            if context.isCancelled || context.isDraining { throw CancellationError() }
            try await context.report(
                PostgresJSON(encoding: Progress(stage: "comparing", done: done, total: total)), for: job)
        }
        difference.sensitivities = made.outcome.sensitivities
        try QuantizedCheckpoint.check(difference, settings)
        let report = directories[1] + "/" + Quantization.reportFile
        try difference.write(to: report)
        let artifact = try resources.store.put(contentsOf: URL(filePath: report))
        return QuantizedCheckpoint(
            parent: parent, settings: settings, cuts: made.cuts,
            files: made.files + [CheckpointFile(path: Quantization.reportFile, artifact: artifact)],
            difference: difference)
    }

    private func complete(_ job: ClaimedJob, _ made: QuantizedCheckpoint, _ context: JobContext) async throws {
        var row = try made.row()
        row.attempt = JobAttempt(job)
        row.run = job.runID
        row.codeVersion = resources.codeVersion
        try await context.complete(
            job,
            producing: { [row] transaction in
                let checkpoint = try await Checkpoints.record(row, in: transaction)
                return try PostgresJSON(
                    encoding: Result(
                        model: row.model, checkpoint: checkpoint, parent: made.parent.checkpoint,
                        metrics: made.difference.metrics))
            })
    }
}
