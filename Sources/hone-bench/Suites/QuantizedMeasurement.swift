import HoneTensor

/// A linear layer in whole numbers beside the same in fp32, both by our own kernels on packed weights, in the shapes of
/// a model of 125 million parameters. Weights alternate between copies, so that they come from memory as in decoding.
struct QuantizedMeasurement {
    let rows: Int
    let inputs: Int
    let outputs: Int

    /// Rows, inputs and outputs of a layer's four products and of the output layer.
    static let all = [(768, 2304), (768, 768), (768, 4096), (2048, 768), (768, 32000)].flatMap { inputs, outputs in
        [1, 4, 16, 64].map { QuantizedMeasurement(rows: $0, inputs: inputs, outputs: outputs) }
    }

    /// Bytes of weights that no cache holds.
    private static let workingSet = 64 << 20

    /// Billions of multiplications and additions per second, once per run, by each precision and in fp32.
    func speeds(runs: Int) -> (quantized: [(QuantizedValues.Precision, [Double])], full: [Double]) {
        let x = Tensor.randn([rows, inputs], generator: Generator(seed: 1))
        let matrix = Tensor.randn([outputs, inputs], generator: Generator(seed: 2))
        let full = copies(bytes: 4 * inputs * outputs) { matrix.clone() }
        let ofFull = time(full, runs: runs) { weight in noGrad { _ = x.linear(weight) } }
        let quantized = QuantizedValues.Precision.allCases.map { precision in
            let values = QuantizedValues(nearest: matrix, precision: precision)
            let packed = copies(bytes: PackedMatrix(values).byteCount) { PackedMatrix(values) }
            return (precision, time(packed, runs: runs) { weight in noGrad { _ = weight(x) } })
        }
        return (quantized, ofFull)
    }

    private func copies<Weight>(bytes: Int, _ make: () -> Weight) -> [Weight] {
        (0..<max(1, Self.workingSet / bytes)).map { _ in make() }
    }

    private func time<Weight>(_ weights: [Weight], runs: Int, _ body: (Weight) -> Void) -> [Double] {
        weights.forEach(body)
        let work = Double(rows * inputs * outputs * weights.count)
        let rounds = max(1, Int(2e8 / work))
        return (0..<runs).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<rounds { weights.forEach(body) }
            return work * Double(rounds) / ((ContinuousClock.now - start) / .seconds(1)) / 1e9
        }
    }
}
