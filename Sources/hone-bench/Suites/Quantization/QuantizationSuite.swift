import ArgumentParser
import Foundation
import HoneEvaluation
import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer
import HoneWorker

/// What fewer bits cost a trained model, and what they bring one of 125 million parameters.
struct QuantizationSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantization",
        abstract: "Models in fewer bits beside our own fp32: size, right answers, speed, and inputs that are skipped.",
        discussion: """
            Right answers are those of models of 5 million parameters that were trained for it (a quarter of an hour
            each, kept in --folder). Speed is that of the same models, and of a network of 125 million parameters with
            random weights, whose limit is the memory's bandwidth at 1 row.

              hone-bench quantization --folder ~/quantization --seeds 1,2,3
              hone-bench quantization --folder ~/quantization --only speed --threads 2 --json
            """)

    enum Part: String, ExpressibleByArgument, CaseIterable { case accuracy, speed }

    @Option(help: "Trained models are kept here.") var folder: String
    @Option(help: "Of data and training, separated by commas.", transform: Self.numbers) var seeds: [UInt64] = [
        1, 2, 3,
    ]
    @Option(help: "Training steps.") var steps = 2400
    @Option(help: "Held-out problems.") var problems = 2000
    @Option(help: "One half of the suite alone: accuracy, speed.") var only: Part?
    @Option(help: "Threads inside one operator.") var threads = 1
    @Option(help: "Runs per speed.") var runs = 3
    @Flag(help: "One JSON object instead of a table.") var json = false

    private static func numbers(_ text: String) throws -> [UInt64] {
        try text.split(separator: ",").map { word in
            guard let number = UInt64(word) else { throw ValidationError("'\(word)' is no seed") }
            return number
        }
    }

    func validate() throws {
        for (name, value) in [
            ("--steps", steps), ("--problems", problems), ("--threads", threads), ("--runs", runs),
        ] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        if seeds.isEmpty { throw ValidationError("Give at least one of --seeds.") }
    }

    func run() async throws {
        Threads.set(intraOp: threads)
        var rows: [SuiteReport.Row] = []
        let variants = QuantizedVariant.all(measuredCount: problems)
        var made: [[Made]] = []
        for seed in seeds { made.append(try await quantize(variants, seed: seed)) }
        if only != .speed { rows += accuracyRows(made) }
        rows += variants.indices.map { index in
            let sizes = made.map { 100 * $0[index].difference.byteCount.ratio }
            return SuiteReport.Row(
                name: "\(variants[index].name): size of the trained model's file", unit: "% of fp32",
                sample: Sample(sizes), beside: nil)
        }
        if only != .accuracy { rows += try trainedSpeedRows(made) + largeSpeedRows(made[0]) }
        try SuiteReport(suite: "quantization", rows: rows, absent: []).show(asJSON: json)
    }

    /// A variant of one seed's model.
    private struct Made {
        let variant: QuantizedVariant
        /// Of the model and of this variant of it.
        let directories: [String]
        let difference: ModelDifference
        /// Nil where answers are not measured.
        let accuracy: PairedComparison?
    }

    private func quantize(_ variants: [QuantizedVariant], seed: UInt64) async throws -> [Made] {
        let subject = QuantizationSubject(seed: seed, steps: steps, threads: threads)
        let parent = try await subject.directory(in: folder)
        let data = try subject.data(measuredCount: problems)
        let asked = try subject.measuredProblems(count: problems)
        let baseline = only == .speed ? [] : try Self.answers(of: parent, asked)
        var made: [Made] = []
        for variant in variants {
            let target = "\(parent)-\(variant.name.filter { $0.isLetter || $0.isNumber })"
            if FileManager.default.fileExists(atPath: target) { removeFolder(target) }
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            let difference = try await ModelQuantization(variant.settings, threads: threads, speedRuns: 0).run(
                directory: parent, to: target, data.withoutMeasured
            ) { _, _ in }
            var accuracy: PairedComparison?
            if only != .speed {
                let answers = try Self.answers(of: target, asked)
                accuracy = Self.compare(answers, baseline)
                let lost = -100 * (accuracy?.difference ?? 0)
                let line = "seed \(seed), \(variant.name): \(lost) points lost, size \(difference.byteCount.ratio)\n"
                FileHandle.standardError.write(Data(line.utf8))
            }
            made.append(
                Made(
                    variant: variant, directories: [parent, target], difference: difference, accuracy: accuracy))
        }
        return made
    }

    private static func answers(of directory: String, _ problems: [Problem]) throws -> [Bool] {
        let tokenizer = ByteTokenizer()
        let requests = problems.map {
            GenerationRequest(prompt: tokenizer.encode($0.prompt + "\n"), maximumNewTokens: 64)
        }
        var limits = GenerationLimits()
        limits.batchSize = 256
        let model = try CausalLanguageModel.served(directory: directory)
        let results = try TextGenerator(model: model, tokenizer: tokenizer, limits: limits).generate(requests)
        return zip(results, problems).map { SolutionChecker().check($0.text, of: $1).verdict == .correct }
    }

    private static func compare(_ candidate: [Bool], _ baseline: [Bool]) -> PairedComparison {
        let pairs = Array(zip(candidate, baseline))
        return PairedComparison(
            both: pairs.count { $0 && $1 }, gained: pairs.count { $0 && !$1 }, lost: pairs.count { !$0 && $1 },
            neither: pairs.count { !$0 && !$1 })
    }
}

// Rows.
extension QuantizationSuite {
    /// Points lost on all seeds' problems together, as lower end, middle and upper end of a paired 95 % interval.
    private func accuracyRows(_ made: [[Made]]) -> [SuiteReport.Row] {
        made[0].indices.flatMap { index -> [SuiteReport.Row] in
            let parts = made.compactMap { $0[index].accuracy }
            let gained = parts.reduce(0) { $0 + $1.gainedCount }
            let lost = parts.reduce(0) { $0 + $1.lostCount }
            let both = parts.reduce(0) { $0 + $1.baseline.successCount } - lost
            let count = parts.reduce(0) { $0 + $1.count }
            let whole = PairedComparison(both: both, gained: gained, lost: lost, neither: count - both - gained - lost)
            let name = made[0][index].variant.name
            return [
                SuiteReport.Row(
                    name: "\(name): right answers", unit: "% of \(count)",
                    sample: Sample(parts.map { 100 * $0.candidate.value }),
                    beside: .init(name: "fp32", sample: Sample(parts.map { 100 * $0.baseline.value }))),
                SuiteReport.Row(
                    name: "\(name): lost (median of the three: all seeds together; spread: 95 % interval)",
                    unit: "points", sample: Sample([-100 * whole.upper, -100 * whole.difference, -100 * whole.lower]),
                    beside: nil),
            ]
        }
    }

    /// Of all seeds' models.
    private func trainedSpeedRows(_ made: [[Made]]) throws -> [SuiteReport.Row] {
        let measurement = PackedSpeeds(runs: runs, newCount: 64)
        return try made[0].indices.flatMap { index in
            let variant = made[0][index].variant
            let speeds = try made.compactMap { made -> [PackedSpeeds.Speeds]? in
                let models = try made[index].directories.map { try CausalLanguageModel.served(directory: $0) }
                let prepared = models.compactMap { PreparedModel($0) }
                return prepared.count == 2 ? measurement.measure(prepared) : nil
            }
            return Self.rows("\(variant.name)", "trained model of 5 M", speeds)
        }
    }

    private func largeSpeedRows(_ made: [Made]) throws -> [SuiteReport.Row] {
        let network = CausalLanguageModel(PackedSpeeds.shape, generator: Generator(seed: 1))
        let sequences = (0..<8).map { (row: Int) -> [Int32] in
            (0..<64).map { (place: Int) -> Int32 in Int32((row * 7919 + place * 104_729) % 32_000) }
        }
        let calibration = QuantizationRecord.Calibration(sequenceCount: 8, tokenCount: 512)
        let quantizer = try ModelQuantizer(network, sequences: sequences, calibration: calibration, methods: [])
        let bandwidth = PackedSpeeds.memoryBandwidth()
        guard let full = PreparedModel(network) else { return [] }
        let measurement = PackedSpeeds(runs: runs, newCount: 32)
        var rows: [SuiteReport.Row] = []
        for variant in made {
            guard let record = variant.difference.quantization else { continue }
            let plan = record.plan.stretched(from: QuantizationSubject.shape, to: PackedSpeeds.shape)
            let quantized = try quantizer.quantized(
                plan, embedding: LayerPrecision.int8, sparsity: variant.variant.settings.sparsity,
                cache: variant.variant.settings.cache)
            guard let prepared = PreparedModel(quantized.served) else { continue }
            let speeds = measurement.measure([full, prepared])
            rows += Self.rows(variant.variant.name, "125 M", [speeds])
            // How often a second the memory gives all of the variant's weights.
            let limit = bandwidth / Double(prepared.byteCount)
            rows.append(
                SuiteReport.Row(
                    name: "\(variant.variant.name): decode, batch 1, 125 M", unit: "tokens/s",
                    sample: Sample(speeds[1].decode[1] ?? [0]),
                    beside: SuiteReport.Beside(name: "the memory's limit", sample: Sample([limit]))))
        }
        return rows
    }

    /// Speeds of fp32 and a variant in turn, of one model or of several seeds'.
    private static func rows(_ name: String, _ model: String, _ speeds: [[PackedSpeeds.Speeds]]) -> [SuiteReport.Row] {
        func row(_ what: String, _ found: (PackedSpeeds.Speeds) -> [Double]) -> SuiteReport.Row {
            SuiteReport.Row(
                name: "\(name): \(what), \(model)", unit: "tokens/s", sample: Sample(speeds.flatMap { found($0[1]) }),
                beside: SuiteReport.Beside(name: "fp32", sample: Sample(speeds.flatMap { found($0[0]) })))
        }
        if speeds.isEmpty { return [] }
        return PackedSpeeds.batches.map { batch in row("decode, batch \(batch)") { $0.decode[batch] ?? [] } }
            + [row("prefill of 128 tokens", \.prefill)]
    }
}
