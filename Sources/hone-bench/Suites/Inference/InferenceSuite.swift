import ArgumentParser
import Foundation
import HoneModel
import HoneTensor

/// Generation speed beside other engines on the same weights, and beside what the machine could do.
struct InferenceSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inference",
        abstract: "Generated tokens per second, beside transformers, llama.cpp and the machine's limit.",
        discussion: """
              hone-bench inference --python ~/venv/bin/python --llama-python ~/llama/bin/python
              hone-bench inference --model 5m --precisions bf16 --batches 8,32
              hone-bench inference --invariance 10000

            Models have random weights. A peer stands beside Hone in the same class of precision: transformers in fp32,
            bf16 and with torch's dynamic int8, llama.cpp in f32, bf16, Q8_0 and Q4_0. By --invariance, so many random
            requests are answered alone and together, and differing tokens and bits are counted, of the peers too.
            """)

    @Option(name: .customLong("model"), help: "Shapes, by commas: 5m, 125m, 300m.") var shapeList = "125m"
    @Option(name: .customLong("precisions"), help: "By commas: fp32, bf16, int8, int4, mixed.")
    var precisionList = "fp32,bf16,int8,int4"
    @Option(name: .customLong("batches"), help: "Rows that are decoded together, by commas.") var batchList = "1,16,64"
    @Option(help: "Tokens of every prompt.") var prompt = 32
    @Option(help: "New tokens of every row.") var new = 33
    @Option(help: "Threads inside one step.") var threads = 1
    @Option(help: "Runs of each side; medians count.") var runs = 3
    @Option(help: "Random requests whose answers are compared with those that they get alone.") var invariance = 0
    @OptionGroup var peers: GenerationPeers
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    private var shapes: [ServedShape] { list(shapeList).compactMap(ServedShape.init) }
    private var precisions: [ServedPrecision] { list(precisionList).compactMap(ServedPrecision.init) }
    private var batches: [Int] { list(batchList).compactMap(Int.init) }

    private func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    func validate() throws {
        for (name, value) in [("--prompt", prompt), ("--threads", threads), ("--runs", runs)] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        guard new > 1 else { throw ValidationError("--new \(new): give a number from 2 up") }
        guard shapes.count == list(shapeList).count else {
            throw ValidationError("--model \(shapeList): known are \(ServedShape.allCases.map(\.rawValue))")
        }
        guard precisions.count == list(precisionList).count else {
            throw ValidationError(
                "--precisions \(precisionList): known are \(ServedPrecision.allCases.map(\.rawValue))")
        }
        guard batches.count == list(batchList).count, batches.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--batches \(batchList): give numbers from 1 up, as in 1,16")
        }
    }

    func run() async throws {
        Threads.set(intraOp: threads)
        guard invariance == 0 else { return try await countDifferences() }
        var rows: [SuiteReport.Row] = []
        var absent: [String] = []
        for shape in shapes {
            try await shape.withDirectory { directory in
                let network = try CausalLanguageModel.load(directory: directory)
                for precision in precisions {
                    let own = measure(network, precision)
                    rows += limits(shape, precision, own)
                    for peer in GenerationPeers.Peer.beside(precision) {
                        switch await peers.run(
                            peer, model: directory, batches: batches, prompt: prompt, new: new, threads: threads,
                            runs: runs)
                        {
                        case .success(let found): rows += compare(shape, precision, own, peer, found)
                        case .failure(let fault): absent.append(fault.description)
                        }
                    }
                }
            }
        }
        try SuiteReport(suite: "inference", rows: rows, absent: absent).show(asJSON: json)
    }

    private struct Speeds {
        let batch: Int
        let decode: Sample
        let prefill: Sample
        let limit: (decode: Double, prefill: Double)
    }

    private func measure(_ network: CausalLanguageModel, _ precision: ServedPrecision) -> [Speeds] {
        guard let model = PreparedModel(network, precision.plan(for: network.configuration)) else { return [] }
        let limits = MachineLimits(precision, threads: threads)
        return batches.map { batch in
            let measurement = GenerationMeasurement(model: model, batch: batch, promptLength: prompt, newCount: new)
            _ = measurement.run()
            let found = (0..<runs).map { _ in measurement.run() }
            return Speeds(
                batch: batch, decode: Sample(found.map { $0.decodeSpeed(batch: batch, newCount: new) }),
                prefill: Sample(found.map { Double(batch * prompt) / $0.prefillSeconds }),
                limit: (
                    limits.decodeSpeed(model, batch: batch, length: prompt + new / 2), limits.prefillSpeed(model)
                ))
        }
    }

    private func name(_ what: String, _ shape: ServedShape, _ precision: ServedPrecision, _ batch: Int) -> String {
        "\(what) \(shape.rawValue) \(precision.rawValue), batch \(batch)"
    }

    private func limits(_ shape: ServedShape, _ precision: ServedPrecision, _ own: [Speeds]) -> [SuiteReport.Row] {
        own.flatMap { speeds in
            [("decode", speeds.decode, speeds.limit.decode), ("prefill", speeds.prefill, speeds.limit.prefill)].map {
                SuiteReport.Row(
                    name: name($0, shape, precision, speeds.batch), unit: "tokens/s", sample: $1,
                    beside: .init(name: "machine's limit", sample: Sample([$2])))
            }
        }
    }

    private func compare(
        _ shape: ServedShape, _ precision: ServedPrecision, _ own: [Speeds], _ peer: GenerationPeers.Peer,
        _ found: [GenerationPeers.Speed]
    ) -> [SuiteReport.Row] {
        zip(own, found).flatMap { speeds, other in
            [("decode", speeds.decode, other.decode), ("prefill", speeds.prefill, other.prefill)].map {
                SuiteReport.Row(
                    name: name($0, shape, precision, speeds.batch), unit: "tokens/s", sample: $1,
                    beside: .init(name: peer.name, sample: Sample([$2])))
            }
        }
    }

    private func countDifferences() async throws {
        var rows: [SuiteReport.Row] = []
        for shape in shapes {
            try await shape.withDirectory { directory in
                let network = try CausalLanguageModel.load(directory: directory)
                for precision in precisions {
                    let measurement = InvarianceMeasurement(
                        network: network, precision: precision, requestCount: invariance)
                    rows += try measurement.rows()
                }
            }
        }
        try SuiteReport(suite: "inference", rows: rows, absent: []).show(asJSON: json)
    }
}
