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
    /// leaves the least squared error: a few values that are cut off often cost less than a coarse grid for all. With
    /// `importance`, how much the square of each input is on average, `[inputs]`, an input's errors count by it.
    public init(nearest weight: Tensor, precision: Precision, importance: Tensor? = nil) {
        let scales = Self.scales(of: weight, precision, importance: importance)
        self.init(rounding: weight, scales: scales, precision: precision)
    }

    /// The nearest whole numbers of a weight, `[outputs, inputs]`, by given scales.
    public init(rounding weight: Tensor, scales: Tensor, precision: Precision) {
        self.precision = precision
        self.scales = scales
        values = noGrad {
            let limit = Double(precision.limit)
            return (weight / Self.spread(scales, precision, inputs: weight.size(1))).round()
                .clamp(min: -limit, max: limit).to(.int8).contiguous()
        }
    }

    /// Scales of the least squared error, in the form of ``scales``, each a number of 16 bits (bfloat16).
    public static func scales(of weight: Tensor, _ precision: Precision, importance: Tensor? = nil) -> Tensor {
        let (outputs, inputs) = (weight.size(0), weight.size(1))
        let limit = Double(precision.limit)
        let width = precision == .int8 ? inputs : groupSize
        let groupCount = (inputs + width - 1) / width
        return noGrad {
            func filled(_ rows: Tensor) -> Tensor {
                let room = Tensor.zeros([rows.size(0), groupCount * width])
                room.narrow(1, start: 0, length: inputs).copyInPlace(rows)
                return room.view(rows.size(0), groupCount, width)
            }
            let groups = filled(weight)
            let weights = importance.map { filled($0.view(1, inputs)) }
            let greatest = groups.abs().max(dim: 2, keepDim: true).clamp(min: 1e-30)
            var best: (error: Tensor, scale: Tensor)?
            for step in 0...20 {
                let scale = (greatest * ((1 - 0.025 * Double(step)) / limit)).to(.bfloat16).to(.float32)
                let rounded = (groups / scale).round().clamp(min: -limit, max: limit)
                let squares = (rounded * scale - groups).pow(2)
                let error = (weights.map { squares * $0 } ?? squares).sum(dim: 2, keepDim: true)
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
            return precision == .int8 ? scale.view(outputs).contiguous() : scale.view(outputs, groupCount).contiguous()
        }
    }

    /// The scale of every weight, to be broadcast over `[outputs, inputs]`.
    private static func spread(_ scales: Tensor, _ precision: Precision, inputs: Int) -> Tensor {
        guard precision == .int4 else { return scales.unsqueeze(1) }
        return scales.indexSelect(1, Tensor((0..<inputs).map { $0 / groupSize }))
    }

    /// What the whole numbers stand for, `[outputs, inputs]`, float32.
    public var dequantized: Tensor {
        values.to(.float32) * Self.spread(scales, precision, inputs: values.size(1))
    }
}

// Two in a byte, as files keep 4 bits.
extension QuantizedValues {
    /// `[outputs, bytes]`, uint8: an even input in the low half and the next in the high half, 8 more than they are.
    public var nibbles: Tensor {
        precondition(precision == .int4, "\(precision) is not kept two in a byte")
        let (outputs, inputs) = (values.size(0), values.size(1))
        let filled = Tensor.zeros([outputs, (inputs + 1) / 2 * 2], dtype: .int8)
        filled.narrow(1, start: 0, length: inputs).copyInPlace(values)
        let raised = (filled + 8).to(.uint8).view(outputs, -1, 2)
        return raised.select(2, 0) + raised.select(2, 1) * 16
    }

    /// 4 bits as ``nibbles`` gives them, with scales `[outputs, groups]`.
    public init(nibbles: Tensor, inputs: Int, scales: Tensor) {
        let low = Self.bitwiseAnd(.tensor(nibbles), .int(15))
        let high = Self.shiftRight(.tensor(nibbles), .int(4))
        let both = Tensor.stack([low, high], dim: 2).view(nibbles.size(0), -1).narrow(1, start: 0, length: inputs)
        self.init(values: (both.to(.int8) - 8).contiguous(), scales: scales, precision: .int4)
    }

    private static let bitwiseAnd = Operator("aten::bitwise_and", "Scalar")
    private static let shiftRight = Operator("aten::bitwise_right_shift", "Tensor_Scalar")
}
