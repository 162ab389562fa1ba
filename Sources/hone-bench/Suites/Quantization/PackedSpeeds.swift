import HoneInference
import HoneModel
import HoneTensor

/// Decoding and reading speeds of one network by several plans, on random weights: what is multiplied costs the same
/// whatever it is.
struct PackedSpeeds {
    /// About 125 million parameters, as the research of the peers has it.
    static let shape = ModelConfiguration(
        vocabularySize: 32_000, hiddenSize: 768, intermediateSize: 2048, layerCount: 12, headCount: 12,
        maxPositionCount: 512, tiesEmbeddings: true)

    struct Speeds {
        var decode: [Int: [Double]] = [:]
        var prefill: [Double] = []
        let byteCount: Int
    }

    static let batches = [1, 16, 64]

    let runs: Int
    let newCount: Int

    /// Tokens a second of each model, whose runs take turns; keys and values are kept as it says.
    func measure(_ models: [PreparedModel]) -> [Speeds] {
        var found = models.map { Speeds(byteCount: $0.byteCount) }
        func measurements(batch: Int, prompt: Int, new: Int) -> [GenerationMeasurement] {
            models.map {
                GenerationMeasurement(
                    model: $0, batch: batch, promptLength: prompt, newCount: new, entry: $0.configuration.cacheEntry)
            }
        }
        for batch in Self.batches {
            let count = 1 + max(4, newCount / (batch > 1 ? 4 : 1))
            takeTurns(measurements(batch: batch, prompt: 32, new: count)) {
                found[$0].decode[batch, default: []].append($1.decodeSpeed)
            }
        }
        takeTurns(measurements(batch: 4, prompt: 128, new: 1)) { found[$0].prefill.append($1.prefillSpeed) }
        return found
    }

    /// The first run of each warms up.
    private func takeTurns(
        _ measurements: [GenerationMeasurement], _ keep: (_ index: Int, GenerationMeasurement.Run) -> Void
    ) {
        for run in 0...runs {
            for (index, measurement) in measurements.enumerated() {
                let found = measurement.run()
                if run > 0 { keep(index, found) }
            }
        }
    }

    /// Bytes a second that all threads read from memory, the best of some sums over what no cache holds.
    static func memoryBandwidth() -> Double {
        let block = Tensor.ones([64 << 20])
        return (0..<5).map { _ in
            let start = ContinuousClock.now
            let sum: Double = block.sum().item()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            return sum > 0 ? Double(block.count * 4) / seconds : 0
        }.max() ?? 0
    }
}
