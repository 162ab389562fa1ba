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
              hone-bench inference --model 5m --precisions int8,bf16 --invariance 10000
              hone-bench inference --precisions int8 --lengths
              hone-bench inference --precisions fp32,int8 --load
              hone-bench inference --queued 1000000
              hone-bench inference --device cuda:0 --model 1b --precisions bf16,int8,int4

            Models have random weights. A peer stands beside Hone in the same class of precision: transformers in fp32,
            bf16 and with torch's dynamic int8, llama.cpp in f32, bf16, Q8_0 and Q4_0; Hone's other precisions stand
            beside its own fp32 too, where that is among them. By --invariance, so many random requests are answered
            alone and together, and differing tokens and bits are counted; by the peers, a tenth of as many.
            """)

    @Option(name: .customLong("model"), help: "Shapes, by commas: 5m, 125m, 300m, 1b, 3b, 8b.") var shapeList = "125m"
    @Option(name: .customLong("precisions"), help: "By commas: fp32, bf16, int8, int4, mixed.")
    var precisionList = "fp32,bf16,int8,int4"
    @Option(name: .customLong("batches"), help: "Rows that are decoded together, by commas.") var batchList = "1,16,64"
    @Option(help: "Tokens of every prompt.") var prompt = 32
    @Option(help: "New tokens of every row.") var new = 33
    @Option(help: "What computes: cpu, or cuda:0 (docs/devices.md).", transform: Device.named) var device = Device.cpu
    @Option(help: "How keys and values are kept: fp32, int8.") var cache = CachePrecision.fp32
    @Option(help: "Threads inside one step.") var threads = 1
    @Option(help: "Runs of each side; medians count.") var runs = 3
    @Option(help: "Random requests whose answers are compared with those that they get alone.") var invariance = 0
    @Flag(help: "Compare the device's logits with the processor's.") var agreement = false
    @Flag(help: "Measure what lengths that vary 20-fold cost.") var lengths = false
    @Flag(help: "Measure the time to the first token, and the exchange of weights.") var load = false
    @Option(help: "Prompts that one engine answers; its memory is compared with that after 10000.") var queued = 0
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
        if device != .cpu { print("\(device) is \(try device.open())") }
        guard queued == 0 else {
            let rows = try await QueuedMeasurement(requestCount: queued).rows()
            return try SuiteReport(suite: "inference", rows: rows, absent: []).show(asJSON: json)
        }
        guard !agreement else {
            let rows = try AgreementMeasurement(device: device, precisions: precisions).rows()
            return try SuiteReport(suite: "inference", rows: rows, absent: []).show(asJSON: json)
        }
        var (rows, absent): ([SuiteReport.Row], [String]) = ([], [])
        for shape in shapes {
            if peers.alone, invariance == 0, !lengths, !load {
                // Nobody reads the directory, which takes long to write where a model is large.
                let network = CausalLanguageModel(shape.configuration, generator: Generator(seed: 1))
                try await compare(shape, network, "", &rows, &absent)
                continue
            }
            try await withModelDirectory(shape.configuration) { directory in
                let network = try CausalLanguageModel.load(directory: directory)
                if invariance > 0 {
                    for precision in precisions {
                        let measurement = InvarianceMeasurement(
                            network: network, precision: precision, requestCount: invariance, device: device)
                        rows += try measurement.rows()
                        await countDifferences(precision, directory, &rows, &absent)
                    }
                } else if lengths {
                    for precision in precisions {
                        let measurement = LengthMeasurement(network: network, precision: precision, runs: runs)
                        rows += try measurement.rows(shape)
                        rows.append(
                            try await CallerMeasurement(
                                directory: directory, shape: shape, precision: precision, threads: threads, runs: runs
                            ).row())
                    }
                } else if load {
                    for precision in precisions {
                        rows += try await LoadMeasurement(
                            directory: directory, shape: shape, precision: precision, threads: threads, runs: runs
                        ).rows()
                    }
                } else {
                    try await compare(shape, network, directory, &rows, &absent)
                }
            }
        }
        try SuiteReport(suite: "inference", rows: rows, absent: absent).show(asJSON: json)
    }

    /// The peers' counts, of a tenth of the requests: alone, they are slow.
    private func countDifferences(
        _ precision: ServedPrecision, _ directory: String, _ rows: inout [SuiteReport.Row], _ absent: inout [String]
    ) async {
        let count = max(1, invariance / 10)
        for peer in GenerationPeers.Peer.beside(precision, on: .cpu) where device == .cpu {
            switch await peers.differences(
                of: peer, model: directory, requestCount: count, new: 24, threads: threads)
            {
            case .success(let found):
                rows += InvarianceMeasurement.rows(
                    peer.name, count, tokens: found.tokens, differingTokens: found.differingTokens,
                    differingBits: found.differingBits)
            case .failure(let fault): absent.append(fault.description)
            }
        }
    }

    /// Every precision beside the machine's limit, its peers and Hone's own float32.
    private func compare(
        _ shape: ServedShape, _ network: CausalLanguageModel, _ directory: String, _ rows: inout [SuiteReport.Row],
        _ absent: inout [String]
    ) async throws {
        var whole: ServingSpeeds?
        for precision in precisions {
            guard
                let own = try ServingSpeeds(
                    network, shape, precision, batches: batches, prompt: prompt, new: new, cache: cache,
                    runs: runs, device: device)
            else { throw ValidationError("the row engine does not compute \(shape.rawValue)") }
            if precision == .fp32 { whole = own } else if let whole { rows += own.rows(beside: whole) }
            rows += own.rows
            for peer in GenerationPeers.Peer.beside(precision, on: device) {
                switch await peers.run(
                    peer, model: directory, batches: batches, prompt: prompt, new: new, threads: threads, runs: runs,
                    device: device)
                {
                case .success(let found): rows += own.rows(beside: peer, found)
                case .failure(let fault): absent.append(fault.description)
                }
            }
        }
    }
}
