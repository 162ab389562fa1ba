import Foundation
import HoneArtifacts
import HoneCatalog
import HoneEvaluation
import HoneModel
import HonePostgres

/// A quantization's files in the store, ready to be recorded as a checkpoint of the same model.
struct QuantizedCheckpoint: Sendable {
    let parent: LineageEntry
    let settings: QuantizationSettings
    let cuts: [DataCut]
    let files: [CheckpointFile]
    let difference: ModelDifference

    /// What the catalog says of it.
    private struct Configuration: Encodable {
        let quantization: QuantizationSettings
        let record: QuantizationRecord?
        let data: [DataCut]
    }

    /// The row to record: numbers of the report as metrics, the steps that its parent was trained for.
    func row() throws -> NewCheckpoint {
        var row = NewCheckpoint(
            model: parent.model, step: Int(parent.step),
            config: try PostgresJSON(
                encoding: Configuration(quantization: settings, record: difference.quantization, data: cuts)),
            files: files)
        row.parent = parent.checkpoint
        row.metrics = try PostgresJSON(encoding: difference.metrics)
        return row
    }

    /// - Throws: `WorkerError.lossOverBudget`.
    static func check(_ difference: ModelDifference, _ settings: QuantizationSettings) throws(WorkerError) {
        guard let budget = settings.budgetLoss, let accuracy = difference.accuracy else { return }
        let lost = -100 * accuracy.difference
        guard lost <= budget + 1e-9 else {
            throw .lossOverBudget(lost: lost, budget: budget, measuredCount: accuracy.count)
        }
    }
}

extension ModelDifference {
    /// The numbers that a checkpoint is recorded with.
    var metrics: [String: Double] {
        var metrics = ["size_ratio": byteCount.ratio, "bytes": byteCount.child]
        for (name, speed) in speeds { metrics[name + "_speedup"] = speed.ratio }
        if let perplexity {
            metrics["perplexity"] = perplexity.child
            metrics["parent_perplexity"] = perplexity.parent
        }
        if let accuracy {
            metrics["accuracy"] = accuracy.candidate.value
            metrics["accuracy_lost_points"] = -100 * accuracy.difference
        }
        return metrics
    }

    /// Writes the report as a file.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(filePath: path))
    }
}
