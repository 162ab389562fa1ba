import ArgumentParser
import Foundation
import HoneModel
import HonePostgres
import HoneWorker

import class HoneTensor.KeyValuePages

/// `hone-worker quantize`: a checkpoint in fewer bits, for `hone model quantize`.
struct QuantizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Puts a model's weights into fewer bits, and compares the two.",
        discussion: """
            Of a checkpoint it makes a checkpoint of the same model whose parent it is; of a directory a new directory.
            With a dataset, layers are looked at on its train split and both models answer its test split; with
            --prompts, they are looked at on a file's first examples and answer those that follow.

            EXAMPLES
              hone model quantize tiny --to int8 --dataset arithmetic
              hone model quantize tiny@12 --to mixed --budget-size 0.30 --budget-loss 0.1 --dataset arithmetic
              hone model quantize tiny --to int8 --cache int8 --dataset arithmetic
              hone model quantize ./llama --to int4 --prompts questions.jsonl --out ./llama-int4
            """)

    @Argument(help: ArgumentHelp("A directory, or NAME or NAME@CHECKPOINT.", valueName: "model"))
    var model: String

    @Option(help: "int8, int4, mixed or bf16.")
    var to: Target

    enum Target: String, ExpressibleByArgument, CaseIterable {
        case int8, int4, mixed, bf16

        var quantizerTarget: ModelQuantizer.Target {
            switch self {
            case .int8: .int8
            case .int4: .int4
            case .mixed: .mixed
            case .bf16: .bf16
            }
        }
    }

    @Option(help: ArgumentHelp("For mixed: at most so much of the size in 32 bits (default: 0.3).", valueName: "share"))
    var budgetSize: Double?

    @Option(help: ArgumentHelp("Fail where more points of a hundred are lost.", valueName: "points"))
    var budgetLoss: Double?

    @Option(help: ArgumentHelp("So much of every layer's inputs, the nearest to 0, is left out.", valueName: "share"))
    var sparsity = 0.0

    @Option(help: "How keys and values are kept where the model is served: float32 or int8.")
    var cache = Cache.float32

    enum Cache: String, ExpressibleByArgument, CaseIterable { case float32, int8 }

    @Option(help: ArgumentHelp("A dataset of the catalog.", valueName: "name"))
    var dataset: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files in one of the formats that 'hone ingest' reads.", valueName: "file"))
    var prompts: [String] = []

    @Option(help: ArgumentHelp("Layers are looked at on at most so many examples.", valueName: "count"))
    var calibration = 256

    @Option(help: ArgumentHelp("Both models answer at most so many examples.", valueName: "count"))
    var limit = 1000

    @Option(help: ArgumentHelp("At most so many tokens per answer.", valueName: "count"))
    var maxNewTokens = 256

    @Option(help: ArgumentHelp("For a directory: the new directory.", valueName: "directory"))
    var out: String?

    @Option(help: ArgumentHelp("Threads inside one operator.", valueName: "count"))
    var threads = 1

    @Option(name: .customLong("database-url"), help: ArgumentHelp("The catalog's database.", valueName: "url"))
    var databaseURL: String?

    @Flag(help: "Print the report as one JSON object.")
    var json = false

    func validate() throws {
        try ModelOptions.check(threads: threads)
        if dataset != nil, !prompts.isEmpty { throw ValidationError("Name a --dataset or --prompts, and not both.") }
        let isDirectory = try !ModelSource(model).needsCatalog
        if isDirectory != (out != nil) {
            throw ValidationError(
                isDirectory
                    ? "Name the new directory by --out." : "--out is for directories; a checkpoint becomes one.")
        }
    }

    private var settings: QuantizationSettings {
        var settings = QuantizationSettings(to.quantizerTarget)
        settings.budgetSize = budgetSize
        settings.budgetLoss = budgetLoss
        settings.sparsity = sparsity
        settings.cache = cache == .int8 ? .int8 : .float32
        settings.calibrationCount = calibration
        settings.measuredCount = limit
        settings.maximumNewTokens = maxNewTokens
        return settings
    }

    func run() async throws {
        let source = try ModelSource(model)
        let quantization = try ModelQuantization(settings, threads: threads)
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: 1)
        defer { pool.close() }
        let data: QuantizationData =
            if let dataset {
                try await QuantizationData(dataset: dataset, settings, from: pool)
            } else if prompts.isEmpty {
                .nothing
            } else {
                try QuantizationData(files: prompts, settings)
            }
        switch source {
        case .directory(let directory):
            let target = out ?? ""
            let manager = FileManager.default
            try manager.createDirectory(atPath: target, withIntermediateDirectories: true)
            guard try manager.contentsOfDirectory(atPath: target).isEmpty else {
                throw WorkerError.file(path: target, line: nil, fault: "is not empty; name a new directory")
            }
            let difference = try await quantization.run(directory: directory, to: target, data, onLayer: Self.tell)
            try show(difference, "\(target): \(model) in fewer bits")
        case .checkpoint(let name, let id):
            let made = try await quantization.run(
                name, checkpoint: id, data, pool: pool, store: Surroundings.artifacts(),
                codeVersion: Surroundings.codeVersion, onLayer: Self.tell)
            try show(
                made.difference,
                "checkpoint \(made.checkpoint) of model \(name), made from checkpoint \(made.parent)",
                checkpoint: made.checkpoint)
        }
    }

    @Sendable private static func tell(_ stage: String, _ layer: String) {
        HoneWorkerProgram.complain("\(stage) \(layer)")
    }

    private struct Line: Encodable {
        let model: String
        let checkpoint: Int64?
        let report: ModelDifference
    }

    private func show(_ difference: ModelDifference, _ title: String, checkpoint: Int64? = nil) throws {
        guard json else {
            print(title)
            print(difference.text)
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(
            String(
                decoding: try encoder.encode(Line(model: model, checkpoint: checkpoint, report: difference)),
                as: UTF8.self))
    }
}
