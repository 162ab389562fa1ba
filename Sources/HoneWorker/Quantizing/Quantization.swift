import Foundation
import HoneCatalog
import HoneConcurrency
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer

/// Makes a directory of a model in fewer bits from a directory of the same model, whole or not at all.
struct Quantization: Sendable {
    let settings: QuantizationSettings
    /// A model's directory.
    let source: String
    /// Whether it is laid out of a checkpoint of the catalog.
    let isOwn: Bool
    /// Threads inside one operator.
    let threads: Int

    /// What was made.
    struct Outcome: Codable, Sendable {
        let record: QuantizationRecord
        /// Of `mixed`; empty for the others.
        let sensitivities: [LayerSensitivity]
    }

    /// A file of the checkpoint, beside the weights.
    static let reportFile = "quantization.json"

    /// Writes weights, configuration and what else serving takes.
    ///
    /// - Parameters:
    ///   - examples: whose solutions the layers are looked at on; without any nothing is calibrated
    ///   - origin: of the examples, in words
    ///   - target: a directory that is there
    ///   - onLayer: gets the stage and a layer's path; an error that it throws ends the work
    /// - Returns: what became of the layers.
    /// - Throws: `ModelError`, `WorkerError`, and what `onLayer` does.
    func write(
        calibratedOn examples: [CutExample], from origin: String?, to target: String,
        onLayer: @Sendable @escaping (_ stage: String, _ layer: String) throws -> Void
    ) async throws -> Outcome {
        let loaded = try await LoadedModel.load(directory: source, isOwn: isOwn, threads: threads)
        let sequences = try examples.map { try loaded.tokens(of: $0) }
        return try await offload {
            Result {
                Threads.set(intraOp: threads)
                let model = try CausalLanguageModel.load(directory: source)
                let limit = model.configuration.maxPositionCount
                let lines = sequences.filter { !$0.isEmpty }.map { Array($0.prefix(limit)) }
                let made = try quantize(model, on: lines, from: origin, onLayer: onLayer)
                try made.model.save(directory: target)
                try copyOthers(to: target)
                return made.outcome
            }
        }.get()
    }

    private func quantize(
        _ model: CausalLanguageModel, on sequences: [[Int32]], from origin: String?,
        onLayer: @escaping (String, String) throws -> Void
    ) throws -> (model: QuantizedModel, outcome: Outcome) {
        if sequences.isEmpty, settings.target == .mixed || settings.sparsity > 0 {
            throw WorkerError.payload(
                key: "dataset",
                fault: "is missing: which layers may have how many bits, and which inputs are small, is measured on "
                    + "examples")
        }
        if settings.cache != .float32, model.configuration.hasHierarchicalLayers {
            throw WorkerError.payload(
                key: "cache",
                fault: "is \"\(settings.cache.rawValue)\"; layers of hierarchical attention keep keys and values in "
                    + "32 bits, so leave it out")
        }
        let calibration = QuantizationRecord.Calibration(
            sequenceCount: sequences.count, tokenCount: sequences.reduce(0) { $0 + $1.count },
            source: origin)
        let quantizer = try ModelQuantizer(model, sequences: sequences, calibration: calibration) {
            try onLayer("smoothing", $0)
        }
        var sensitivities: [LayerSensitivity] = []
        let plan: (linears: PrecisionPlan, embedding: LayerPrecision)
        if let fixed = settings.target.plan {
            plan = fixed
        } else {
            sensitivities = try quantizer.sensitivities(tokenLimit: settings.sensitivityTokens) {
                try onLayer("measuring", $0)
            }
            plan = try chosen(sensitivities, model.configuration)
        }
        let made = try quantizer.quantized(
            plan.linears, embedding: plan.embedding, sparsity: settings.sparsity, cache: settings.cache
        ) { try onLayer("rounding", $0) }
        guard let record = made.configuration.quantization else {
            preconditionFailure("a quantized model without its record")
        }
        return (made, Outcome(record: record, sensitivities: sensitivities))
    }

    private func chosen(
        _ sensitivities: [LayerSensitivity], _ configuration: ModelConfiguration
    ) throws(WorkerError) -> (linears: PrecisionPlan, embedding: LayerPrecision) {
        let share = settings.budgetSize ?? QuantizationSettings.defaultBudgetSize
        let limit = Int(Double(configuration.fullByteCount) * share) - configuration.fixedByteCount
        let planner = PrecisionPlanner(sensitivities)
        guard let precisions = planner.choose(byteLimit: limit) else {
            let least = Double(planner.leastByteCount + configuration.fixedByteCount)
            let ofAll = String(format: "%.3f", least / Double(configuration.fullByteCount))
            throw .payload(
                key: "budget_size",
                fault: "is \(share), and with 4 bits everywhere this model has \(ofAll) of its size")
        }
        return PrecisionPlan.chosen(precisions, for: sensitivities)
    }

    /// Tokenizer, template and defaults are the parent's.
    private func copyOthers(to target: String) throws {
        let manager = FileManager.default
        for name in CheckpointFile.servingFiles where name != CheckpointFile.weights && name != "config.json" {
            let path = source + "/" + name
            guard manager.fileExists(atPath: path) else { continue }
            try Data(contentsOf: URL(filePath: path)).write(to: URL(filePath: target + "/" + name))
        }
    }
}

extension LoadedModel {
    /// An example's prompt and solution, as the model would read and write them.
    func tokens(of example: CutExample) throws -> [Int32] {
        let prompt = try request(else: example.prompt, maximumNewTokens: 1).prompt
        return prompt + tokenizer.encode(completion(of: example) ?? "")
    }
}
