import HoneModel
import HoneTensor

/// What this machine could do in one precision, measured: bytes that it reads from memory a second, and products.
struct MachineLimits {
    private let bytesPerSecond: Double
    private let productsPerSecond: Double

    init(_ precision: ServedPrecision, device: Device) throws {
        // Four bits are multiplied as eight.
        let arithmetic = precision == .mixed ? .int8 : precision.plan(for: Self.anyShape).standard
        if device == .cpu {
            bytesPerSecond = Self.bandwidth()
            productsPerSecond = Self.products(arithmetic)
        } else {
            (bytesPerSecond, productsPerSecond) = try device.limits(arithmetic)
        }
    }

    private static let anyShape = ServedShape.five.configuration

    /// Tokens a second where weights are read once a step, every row's keys and values once, and every weight is
    /// multiplied once a row: the lower of what memory and arithmetic allow.
    func decodeSpeed(_ model: PreparedModel, batch: Int, length: Int, entry: KeyValuePages.Entry) -> Double {
        let keysAndValues = Double(batch * length) * Double(model.configuration.pageByteCount(entry)) / 16
        let bytes = Double(model.byteCount) + keysAndValues
        return min(Double(batch) * bytesPerSecond / bytes, prefillSpeed(model, length: 1))
    }

    /// Tokens a second by arithmetic alone, where the output layer computes one token of every `length`.
    func prefillSpeed(_ model: PreparedModel, length: Int) -> Double {
        let shape = model.configuration
        return productsPerSecond
            / (Double(shape.layerElementCount) + Double(shape.vocabularySize * shape.hiddenSize) / Double(length))
    }

    /// The best of some passes over 512 MB.
    private static func bandwidth() -> Double {
        let memory = Tensor.ones([128 << 20])
        return best(bytes: Double(512 << 20)) { noGrad { _ = memory.sum() } }
    }

    /// The best of some products whose weights stay in the cache.
    private static func products(_ precision: LayerPrecision) -> Double {
        let matrix = PackedMatrix(
            Tensor.randn([512, 512], generator: Generator(seed: 1)), precision: precision)
        let x = Tensor.randn([6144, 512], generator: Generator(seed: 2))
        return best(bytes: 6144 * 512 * 512) { _ = matrix(x) }
    }

    private static func best(bytes work: Double, _ body: () -> Void) -> Double {
        body()
        return (0..<20).map { _ in
            let start = ContinuousClock.now
            body()
            return work / ((ContinuousClock.now - start) / .seconds(1))
        }.max() ?? 0
    }
}

extension ModelConfiguration {
    /// Elements of all layers' matrices, which a token is multiplied with.
    var layerElementCount: Int {
        let attention = hiddenSize * headSize * (2 * headCount + 2 * kvHeadCount)
        return layerCount * (attention + 3 * hiddenSize * intermediateSize)
    }
}
