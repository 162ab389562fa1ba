import ArgumentParser
import HoneInference
import HoneModel
import HoneTensor

/// One measurement of greedy decoding on a model directory; the last line on stdout is one JSON object.
struct GenerateProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Generation speed of a model: prefill, then greedy decoding with a cache.",
        discussion: "  hone-bench generate --model DIR --batch 64 --prompt 32 --new 64 --dtype int8")

    @Option(help: "A Hugging Face directory.") var model: String
    @Option(help: "Rows that are decoded together.") var batch = 64
    @Option(help: "Tokens of every prompt.") var prompt = 32
    @Option(help: "New tokens of every row.") var new = 64
    @Option(help: "How the weights are kept: fp32, bf16, int8, int4, mixed.") var dtype = ServedPrecision.fp32
    @Option(help: "How keys and values are kept: fp32, int8.") var cache = CachePrecision.fp32
    @Option(help: "Threads inside one step.") var threads = 1
    @Option(help: "Runs, of which the fastest is reported.") var repeats = 5

    func validate() throws {
        let counts = [
            ("--batch", batch), ("--prompt", prompt), ("--new", new), ("--threads", threads), ("--repeats", repeats),
        ]
        for (name, value) in counts where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
    }

    func run() throws {
        Threads.set(intraOp: threads)
        let network = try CausalLanguageModel.served(directory: model)
        guard let prepared = PreparedModel(network, dtype.plan(for: network.configuration)) else {
            throw ValidationError("--model \(model): its kind of attention is not computed by the row engine")
        }
        let measurement = GenerationMeasurement(
            model: prepared, batch: batch, promptLength: prompt, newCount: new, entry: cache.entry)
        let runs = (0..<repeats).map { _ in measurement.run() }
        guard let best = runs.min(by: { $0.seconds < $1.seconds }) else { return }
        try printJSONLine([
            "tokens": Double(batch * new), "seconds": best.seconds, "prefill_s": best.prefillSeconds,
            "checksum": Double(best.checksum),
        ])
    }
}

/// How a served model's weights are kept.
enum ServedPrecision: String, ExpressibleByArgument, CaseIterable {
    case fp32, bf16, int8, int4, mixed

    func plan(for configuration: ModelConfiguration) -> PrecisionPlan {
        switch self {
        case .fp32: PrecisionPlan(.float32)
        case .bf16: PrecisionPlan(.bfloat16)
        case .int8: PrecisionPlan(.int8)
        case .int4: PrecisionPlan(.int4)
        case .mixed: .mixed(configuration)
        }
    }
}

/// How keys and values are kept.
enum CachePrecision: String, ExpressibleByArgument, CaseIterable {
    case fp32, int8

    var entry: KeyValuePages.Entry { self == .fp32 ? .float32 : .int8 }
}
