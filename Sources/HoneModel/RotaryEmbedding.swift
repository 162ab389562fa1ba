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

    /// Angles of positions 0..<`count`: `[1, count, 1, headSize / 2]`.
    func tables(count: Int) -> RotaryTables {
        let all = grown(to: count)
        return RotaryTables(
            cos: all.cos.narrow(1, start: 0, length: count), sin: all.sin.narrow(1, start: 0, length: count))
    }

    /// Angles of one position per row, `positions_B`: `[rows, 1, 1, headSize / 2]`.
    func tables(at positions_B: Tensor, limit: Int) -> RotaryTables {
        let all = grown(to: limit)
        let pick = { (table: Tensor) in table.indexSelect(1, positions_B).transpose(0, 1) }
        return RotaryTables(cos: pick(all.cos), sin: pick(all.sin))
    }

    private func grown(to count: Int) -> RotaryTables {
        if let tables, tables.cos.size(1) >= count { return tables }
        var length = 256
        while length < count { length *= 2 }
        let made = noGrad {
            let exponents = Tensor.arange(0, headSize, step: 2, dtype: .float32, device: device) / headSize
            let frequencies = 1 / Tensor.pow(theta, exponents)
            let angles = Tensor.arange(length, dtype: .float32, device: device).unsqueeze(1) * frequencies
            let angles_1T1D = angles.view(1, length, 1, headSize / 2)
            return RotaryTables(cos: angles_1T1D.cos(), sin: angles_1T1D.sin())
        }
        tables = made
        return made
    }
}

/// Cosines and sines of the angles to turn by.
struct RotaryTables {
    let cos: Tensor
    let sin: Tensor

    /// Turns every head of `x_BTHD`.
    func callAsFunction(_ x_BTHD: Tensor) -> Tensor {
        let halves = x_BTHD.chunk(2, dim: -1)
        return Tensor.cat(
            [halves[0] * cos - halves[1] * sin, halves[1] * cos + halves[0] * sin], dim: -1)
    }
}
