internal import CTorch

/// A linear layer's weight and bias, packed for the processor in a precision of its own.
///
/// In whole numbers rows of the input are quantized to 8 bits by their greatest magnitude, products are summed in whole
/// numbers, and scales come last: what LLM.int8() (Dettmers et al. 2022, arXiv:2208.07339, section 2.1) calls
/// vector-wise quantization. In every precision a row's result has the same bits whatever rows are beside it and with
/// any number of threads, in whole numbers also on any processor.
///
/// Nothing changes a packed matrix, hence `Sendable`.
@safe public final class PackedMatrix: @unchecked Sendable {
    let handle: ctorch_matrix
    public let precision: LayerPrecision
    /// `[outputs]` is what the layer gives, from `[inputs]`.
    public let outputs: Int
    public let inputs: Int

    /// Packs a weight `[outputs, inputs]` and a bias `[outputs]`, float32; at 8 and 4 bits the nearest whole numbers.
    public convenience init(_ weight: Tensor, bias: Tensor? = nil, precision: LayerPrecision) {
        switch precision {
        case .float32, .bfloat16:
            self.init(weight, scales: nil, bias: bias, precision)
        case .int8:
            self.init(QuantizedValues(nearest: weight, precision: .int8), bias: bias)
        case .int4:
            self.init(QuantizedValues(nearest: weight, precision: .int4), bias: bias)
        }
    }

    /// Packs whole numbers, and a bias `[outputs]`.
    public convenience init(_ quantized: QuantizedValues, bias: Tensor? = nil) {
        self.init(
            quantized.values, scales: quantized.scales, bias: bias, quantized.precision == .int8 ? .int8 : .int4)
    }

    private init(_ weight: Tensor, scales: Tensor?, bias: Tensor?, _ precision: LayerPrecision) {
        let made = unsafe ctorch_matrix_pack(
            weight.handle, scales?.handle, bias?.handle, Int32(precision.rawValue))
        guard let made = unsafe made else { stop("PackedMatrix: \(Torch.lastError)") }
        unsafe handle = made
        self.precision = precision
        outputs = weight.size(0)
        inputs = weight.size(1)
    }

    deinit { unsafe ctorch_matrix_release(handle) }

    /// `x · weightᵀ + bias`: `[…, inputs]` to `[…, outputs]`, float32 on the CPU, without gradients.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        unsafe Tensor(kernel: "packed matrix", ctorch_matrix_multiply(handle, x.handle))
    }

    /// The same, where inputs nearer to 0 than `threshold` count as 0 (Liu et al. 2024, TEAL, arXiv:2408.14690,
    /// equation 2). A single row does not read their weights, which lie by inputs in a second copy; results have the
    /// same bits in any batch. For 8 bits.
    public convenience init(
        _ quantized: QuantizedValues, bias: Tensor? = nil, skippingInputsBelow threshold: Float
    ) {
        precondition(quantized.precision == .int8, "inputs are skipped where weights have 8 bits")
        self.init(quantized, bias: bias)
        guard unsafe ctorch_matrix_skip_small_inputs(handle, threshold) else {
            stop("PackedMatrix: \(Torch.lastError)")
        }
    }

    /// Bytes that a product reads.
    public var byteCount: Int { Int(unsafe ctorch_matrix_byte_count(handle)) }
}

/// The kernel of packed matrices, by its kind of processor.
public enum MatrixKernel: String, Sendable, CaseIterable {
    case vnni = "avx512_vnni"
    case avx2
    case plain

    /// The one in use: the first of these that this processor has and whose bits in whole numbers are those of the
    /// plain one.
    public static var current: MatrixKernel? {
        unsafe MatrixKernel(rawValue: String(cString: ctorch_matrix_kernel()))
    }

    /// Takes another for the whole process; false where this processor has it not.
    public static func use(_ kernel: MatrixKernel) -> Bool {
        unsafe kernel.rawValue.withCString { unsafe ctorch_matrix_use_kernel($0) }
    }
}
