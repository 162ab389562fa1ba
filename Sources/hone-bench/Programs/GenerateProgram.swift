import ArgumentParser
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

/// Rows of pseudo-random prompts, decoded without an early end; as in the peers' scripts.
struct GenerationMeasurement {
    struct Run {
        let seconds: Double
        let prefillSeconds: Double
        /// Equal for equal tokens.
        let checksum: Int64

        /// Decoded tokens a second, of `count` in all whose first come from the prefill.
        func decodeSpeed(batch: Int, newCount: Int) -> Double {
            Double(batch * (newCount - 1)) / (seconds - prefillSeconds)
        }
    }

    let model: PreparedModel
    let batch: Int
    let promptLength: Int
    let newCount: Int
    /// Kept from run to run, as an engine keeps them.
    private let pages: KeyValuePages
    private let pagesPerRow: Int
    /// Tokens of prompts that one step takes in.
    private static let chunk = 512

    init(model: PreparedModel, batch: Int, promptLength: Int, newCount: Int, entry: KeyValuePages.Entry = .float32) {
        self.model = model
        self.batch = batch
        self.promptLength = promptLength
        self.newCount = newCount
        pagesPerRow = KeyValuePages.count(forTokens: promptLength + newCount)
        pages = model.makePages(count: batch * pagesPerRow, entry: entry)
    }

    /// The token of a prompt, the same in every program that is compared.
    private func token(_ row: Int, _ place: Int) -> Int32 {
        Int32((row * 7919 + place * 104_729 + 17) % min(model.configuration.vocabularySize, 256))
    }

    func run() -> Run {
        let tables = (0..<batch).map { row in (0..<pagesPerRow).map { Int32(row * pagesPerRow + $0) } }
        let greedy = [TokenDraw](repeating: TokenDraw(temperature: 0, uniform: 1), count: batch)
        return inferenceMode {
            let start = ContinuousClock.now
            var next = prefill(tables)
            let prefill = ContinuousClock.now - start
            var columns = [next]
            for past in promptLength..<promptLength + newCount - 1 {
                var step = NetworkStep()
                for row in 0..<batch {
                    step.add(CollectionOfOne(next[row]), past: past, pages: tables[row], isRead: true)
                }
                next = model.step(step, pages: pages).pickTokens(of: Array(0..<batch), greedy).map(\.token)
                columns.append(next)
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let all = (0..<batch).flatMap { row in columns.map { Int64($0[row]) } }
            let checksum = all.enumerated().reduce(Int64(0)) { $0 + $1.element * Int64($1.offset % 1009 + 1) }
            return Run(seconds: seconds, prefillSeconds: prefill / .seconds(1), checksum: checksum)
        }
    }

    /// Reads the prompts, as many as fit into a step at a time.
    private func prefill(_ tables: [[Int32]]) -> [Int32] {
        let rowsPerStep = max(1, Self.chunk / promptLength)
        var first: [Int32] = []
        while first.count < batch {
            var step = NetworkStep()
            for row in first.count..<min(batch, first.count + rowsPerStep) {
                step.add((0..<promptLength).map { token(row, $0) }, past: 0, pages: tables[row], isRead: true)
            }
            let rows = Array(0..<min(batch, first.count + rowsPerStep) - first.count)
            let draws = [TokenDraw](repeating: TokenDraw(temperature: 0, uniform: 1), count: rows.count)
            first += model.step(step, pages: pages).pickTokens(of: rows, draws).map(\.token)
        }
        return first
    }
}
