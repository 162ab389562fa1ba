/// A matrix in whole numbers with their scales, as it is kept in files; ``PackedMatrix`` is its packed form.
public struct QuantizedValues: Sendable {
    /// How many bits a weight has.
    public enum Precision: Int, Sendable, CaseIterable, Codable {
        /// One scale for every output.
        case int8 = 8
        /// One scale for every 64 inputs of an output.
        case int4 = 4

        /// The greatest magnitude of a weight in whole numbers.
        public var limit: Int { self == .int8 ? 127 : 7 }
    }

    /// Inputs that share a scale at 4 bits.
    public static let groupSize = 64

    public let precision: Precision
    /// `[outputs, inputs]`, int8.
    public let values: Tensor
    /// What one of them stands for: `[outputs]`, or `[outputs, groups of 64 inputs]` at 4 bits; float32.
    public let scales: Tensor

    public init(values: Tensor, scales: Tensor, precision: Precision) {
        self.values = values
        self.scales = scales
        self.precision = precision
    }

    /// The nearest whole numbers of a weight, `[outputs, inputs]`.
    ///
    /// Every output's or group's scale is the one of 1, 0.975, … 0.5 times the greatest magnitude over the limit that
    /// leaves the least squared error: a few values that are cut off often cost less than a coarse grid for all.
    public init(nearest weight: Tensor, precision: Precision) {
        let (outputs, inputs) = (weight.size(0), weight.size(1))
        let limit = Double(precision.limit)
        let width = precision == .int8 ? inputs : Self.groupSize
        let groupCount = (inputs + width - 1) / width
        let filled = Tensor.zeros([outputs, groupCount * width])
        (values, scales) = noGrad {
            filled.narrow(1, start: 0, length: inputs).copyInPlace(weight)
            let groups = filled.view(outputs, groupCount, width)
            let greatest = groups.abs().max(dim: 2, keepDim: true).clamp(min: 1e-30)
            var best: (error: Tensor, scale: Tensor)?
            for step in 0...20 {
                let scale = greatest * ((1 - 0.025 * Double(step)) / limit)
                let rounded = (groups / scale).round().clamp(min: -limit, max: limit)
                let error = (rounded * scale - groups).pow(2).sum(dim: 2, keepDim: true)
                guard let former = best else {
                    best = (error, scale)
                    continue
                }
                let isBetter = error .< former.error
                best = (
                    Tensor.where(isBetter, error, former.error), Tensor.where(isBetter, scale, former.scale)
                )
            }
            let scale = best?.scale ?? greatest
            let rounded = (groups / scale).round().clamp(min: -limit, max: limit)
            let whole = rounded.view(outputs, groupCount * width).narrow(1, start: 0, length: inputs)
            return (
                whole.to(.int8).contiguous(),
                precision == .int8 ? scale.view(outputs).contiguous() : scale.view(outputs, groupCount).contiguous()
            )
        }
        self.precision = precision
    }

    /// What the whole numbers stand for, `[outputs, inputs]`, float32.
    public var dequantized: Tensor {
        let whole = values.to(.float32)
        guard precision == .int4 else { return whole * scales.unsqueeze(1) }
        let columns = Tensor((0..<values.size(1)).map { $0 / Self.groupSize })
        return whole * scales.indexSelect(1, columns)
    }
}
