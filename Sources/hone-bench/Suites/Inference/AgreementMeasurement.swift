import HoneModel
import HoneProblems
import HoneTensor

/// How far a device's logits are from the processor's, in every precision and form of the cache: random prompts of
/// several lengths, read in pieces beside each other and then continued by the same tokens on both.
struct AgreementMeasurement {
    let device: Device
    let precisions: [ServedPrecision]

    /// Small models with what real ones have: keys shared by queries, norms of heads, biases, windows, and sizes that
    /// fill no tile.
    private static let shapes: [(name: String, configuration: ModelConfiguration)] = [
        ("llama", shape(.llama)), ("qwen2", shape(.qwen2)), ("qwen3", shape(.qwen3)),
        (
            "sliding",
            ModelConfiguration(
                vocabularySize: 515, hiddenSize: 96, intermediateSize: 200, layerCount: 2, headCount: 6,
                maxPositionCount: 512, attention: [.sliding(window: 40), .full])
        ),
    ]

    private static func shape(_ kind: ModelConfiguration.Kind) -> ModelConfiguration {
        ModelConfiguration(
            kind: kind, vocabularySize: 515, hiddenSize: 128, intermediateSize: 352, layerCount: 3, headCount: 4,
            kvHeadCount: 2, maxPositionCount: 512)
    }

    func rows() throws -> [SuiteReport.Row] {
        try Self.shapes.flatMap { name, configuration in
            let generator = Generator(seed: 5)
            let network = CausalLanguageModel(configuration, generator: generator)
            noGrad {
                // Norms of 1 and biases of 0 would hide whether they are used.
                for vector in network.parameters where vector.shape.count == 1 {
                    _ = vector.copyInPlace(vector + 0.3 * Tensor.randn(vector.shape, generator: generator))
                }
            }
            return try precisions.flatMap { precision in
                try [CachePrecision.fp32, .int8].flatMap { cache in
                    try rows("\(name), \(precision.rawValue), cache \(cache.rawValue)", network, precision, cache.entry)
                }
            }
        }
    }

    private func rows(
        _ name: String, _ network: CausalLanguageModel, _ precision: ServedPrecision, _ entry: KeyValuePages.Entry
    ) throws -> [SuiteReport.Row] {
        guard let own = PreparedModel(network, precision.plan(for: network.configuration)) else { return [] }
        let there = try own.on(device)
        let (expected, found) = (logits(of: own, entry), logits(of: there, entry))
        let distance = zip(expected, found).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let size = expected.reduce(Float(0)) { $0 + $1 * $1 }
        let rowCount = expected.count / network.configuration.vocabularySize
        let alike = (0..<rowCount).count { row in
            let range = row * network.configuration.vocabularySize..<(row + 1) * network.configuration.vocabularySize
            return expected[range].indices.max { expected[$0] < expected[$1] }
                == found[range].indices.max { found[$0] < found[$1] }
        }
        return [
            SuiteReport.Row(
                name: "\(name): distance over size", unit: "",
                sample: Sample([Double((distance / size).squareRoot())]), beside: nil),
            SuiteReport.Row(
                name: "\(name): likeliest alike", unit: "%",
                sample: Sample([100 * Double(alike) / Double(rowCount)]), beside: nil),
        ]
    }

    /// Logits of prompts in pieces of 7 and the rest, and of 24 tokens more of each, which a device takes as a graph.
    private func logits(of model: PreparedModel, _ entry: KeyValuePages.Entry) -> [Float] {
        let lengths = [1, 9, 70, 33, 160]
        let perRow = KeyValuePages.count(forTokens: 160 + 24)
        let pages = model.makePages(count: lengths.count * perRow, entry: entry)
        func token(_ row: Int, _ place: Int) -> Int32 {
            Int32((row * 7919 + place * 104_729 + 17) % model.configuration.vocabularySize)
        }
        func table(_ row: Int) -> [Int32] { (0..<perRow).map { Int32($0 * lengths.count + row) } }
        var found: [Float] = []
        for (first, last) in [(0, 7), (7, 160)] {
            var step = NetworkStep()
            for (row, length) in lengths.enumerated() where first < length {
                step.add(
                    (first..<min(last, length)).map { token(row, $0) }, past: first, pages: table(row), isRead: true)
            }
            found += model(step, pages: pages).toArray(Float.self)
        }
        for more in 0..<24 {
            var step = NetworkStep()
            for (row, length) in lengths.enumerated() {
                step.add(
                    CollectionOfOne(token(row, length + more)), past: length + more, pages: table(row), isRead: true)
            }
            found += model(step, pages: pages).toArray(Float.self)
        }
        return found
    }
}
