import HoneTensor

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864, equation 34), in the layout of Llama: a head's first
/// half is paired with its second.
///
/// The tables grow with the longest sequence seen.
final class RotaryEmbedding {
    private let headSize: Int
    private let theta: Double
    private let device: Device
    private var tables: RotaryTables?

    init(headSize: Int, theta: Double, device: Device) {
        self.headSize = headSize
        self.theta = theta
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
            let frequencies = 1 / Tensor.pow(theta, exponents)
            let angles = Tensor.arange(length, dtype: .float32, device: device).unsqueeze(1) * frequencies
            return RotaryTables(cos: angles.cos(), sin: angles.sin())
        }
        tables = made
        return made
    }
}

/// Cosines and sines of the angles to turn by.
struct RotaryTables {
    let cos: Tensor
    let sin: Tensor
}
