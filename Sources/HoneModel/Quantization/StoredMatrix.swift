import HoneTensor

/// A matrix as a file of a model in fewer bits keeps it.
enum StoredMatrix {
    /// `[outputs, inputs]`, float32 or bfloat16.
    case floating(Tensor)
    case whole(QuantizedValues)

    /// The nearest to a weight `[outputs, inputs]`.
    init(nearest weight: Tensor, _ precision: LayerPrecision) {
        switch precision {
        case .float32: self = .floating(weight.detach().to(.float32))
        case .bfloat16: self = .floating(weight.detach().to(.bfloat16))
        case .int8: self = .whole(QuantizedValues(nearest: weight.detach(), precision: .int8))
        case .int4: self = .whole(QuantizedValues(nearest: weight.detach(), precision: .int4))
        }
    }

    var precision: LayerPrecision {
        switch self {
        case .floating(let tensor): tensor.dtype == .bfloat16 ? .bfloat16 : .float32
        case .whole(let values): values.precision == .int8 ? .int8 : .int4
        }
    }

    /// `[outputs, inputs]`, float32.
    var dequantized: Tensor {
        switch self {
        case .floating(let tensor): tensor.to(.float32)
        case .whole(let values): values.dequantized
        }
    }

    /// For the processor; of 8 bits, inputs nearer to 0 than `threshold` count as 0.
    func packed(bias: Tensor?, threshold: Float? = nil) -> PackedMatrix {
        switch self {
        case .whole(let values) where values.precision == .int8 && threshold ?? 0 > 0:
            PackedMatrix(values, bias: bias, skippingInputsBelow: threshold ?? 0)
        case .floating(let tensor): PackedMatrix(tensor.to(.float32), bias: bias, precision: precision)
        case .whole(let values): PackedMatrix(values, bias: bias)
        }
    }

    /// The tensors of a file, by what their names end with.
    var tensors: [String: Tensor] {
        switch self {
        case .floating(let tensor): [".weight": tensor]
        case .whole(let values):
            [
                ".weight": values.precision == .int4 ? values.nibbles : values.values,
                ".scales": values.scales.to(.bfloat16),
            ]
        }
    }

    /// Type and shape of the tensors of a file, by what their names end with.
    static func layout(
        _ precision: LayerPrecision, outputs: Int, inputs: Int
    ) -> [String: (dtype: DType, shape: [Int])] {
        switch precision {
        case .float32: [".weight": (.float32, [outputs, inputs])]
        case .bfloat16: [".weight": (.bfloat16, [outputs, inputs])]
        case .int8: [".weight": (.int8, [outputs, inputs]), ".scales": (.bfloat16, [outputs])]
        case .int4:
            [
                ".weight": (.uint8, [outputs, (inputs + 1) / 2]),
                ".scales": (
                    .bfloat16, [outputs, (inputs + QuantizedValues.groupSize - 1) / QuantizedValues.groupSize]
                ),
            ]
        }
    }

    /// Bytes of a matrix in a file.
    static func byteCount(_ precision: LayerPrecision, outputs: Int, inputs: Int) -> Int {
        layout(precision, outputs: outputs, inputs: inputs).values
            .reduce(0) { $0 + $1.dtype.byteCount * $1.shape.reduce(1, *) }
    }

    /// Of the tensors of a file, which were found to be as `layout` says.
    init(_ precision: LayerPrecision, inputs: Int, read: (_ ending: String) throws -> Tensor) rethrows {
        let weight = try read(".weight")
        switch precision {
        case .float32, .bfloat16: self = .floating(weight)
        case .int8:
            self = .whole(
                QuantizedValues(values: weight, scales: try read(".scales").to(.float32), precision: .int8))
        case .int4:
            self = .whole(QuantizedValues(nibbles: weight, inputs: inputs, scales: try read(".scales").to(.float32)))
        }
    }
}
