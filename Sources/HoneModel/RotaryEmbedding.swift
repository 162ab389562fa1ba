import HoneTensor

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864, equation 34), in the layout of Llama: a head's first
/// half is paired with its second.
///
/// The tables grow with the longest sequence seen.
final class RotaryEmbedding {
    private let headSize: Int
    private let theta: Double
    private let scaling: RopeScaling?
    private let device: Device
    private var tables: RotaryTables?

    init(_ configuration: ModelConfiguration, device: Device) {
        headSize = configuration.headSize
        theta = configuration.ropeTheta
        scaling = configuration.ropeScaling
        self.device = device
    }

    /// Angles of positions 0..<`count`: `[count, headSize / 2]`.
    func tables(count: Int) -> RotaryTables {
        let all = grown(to: count)
        return RotaryTables(
            cos: all.cos.narrow(0, start: 0, length: count), sin: all.sin.narrow(0, start: 0, length: count))
    }

    private func grown(to count: Int) -> RotaryTables {
        if let tables, tables.cos.size(0) >= count { return tables }
        var length = 256
        while length < count { length *= 2 }
        let made = noGrad {
            let exponents = Tensor.arange(0, headSize, step: 2, dtype: .float32, device: device) / headSize
            let frequencies = scaled(1 / Tensor.pow(theta, exponents))
            let angles = Tensor.arange(length, dtype: .float32, device: device).unsqueeze(1) * frequencies
            guard let factor = scaling?.attentionFactor, factor != 1 else {
                return RotaryTables(cos: angles.cos(), sin: angles.sin())
            }
            return RotaryTables(cos: angles.cos() * factor, sin: angles.sin() * factor)
        }
        tables = made
        return made
    }

    private func scaled(_ frequencies: Tensor) -> Tensor {
        guard let scaling else { return frequencies }
        return Tensor(scaling.scaled(frequencies.toArray(Float.self), theta: theta), device: device)
    }
}

/// Cosines and sines of the angles to turn by.
struct RotaryTables {
    let cos: Tensor
    let sin: Tensor
}
