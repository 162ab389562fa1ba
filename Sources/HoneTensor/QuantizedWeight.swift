internal import CTorch

/// A linear layer's weight in whole numbers of 8 or 4 bits, packed for the processor.
///
/// Rows of the input are quantized to 8 bits by their greatest magnitude, products are summed in whole numbers, and
/// scales come last: what LLM.int8() (Dettmers et al. 2022, arXiv:2208.07339, section 2.1) calls vector-wise
/// quantization. A row's result has the same bits whatever rows are beside it, with any number of threads, on any
/// processor.
public struct QuantizedWeight: Sendable {
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
    /// `[outputs]` is what the layer gives, from `[inputs]`.
    public let outputs: Int
    public let inputs: Int
    private let packed: Tensor
    private let scales: Tensor

    /// Packs whole numbers.
    ///
    /// - Parameters:
    ///   - values: `[outputs, inputs]`, int8; -8 to 7 at 4 bits
    ///   - scales: what one of them stands for, `[outputs]`, or `[outputs, groups of 64 inputs]` at 4 bits, float32
    ///   - precision: how many bits a value has
    public init(values: Tensor, scales: Tensor, precision: Precision) {
        var results: (ctorch_tensor?, ctorch_tensor?) = (nil, nil)
        let done = unsafe withUnsafeMutablePointer(to: &results) { tuple in
            unsafe tuple.withMemoryRebound(to: ctorch_tensor?.self, capacity: 2) { first in
                unsafe ctorch_quantized_pack(values.handle, scales.handle, Int32(precision.rawValue), first)
            }
        }
        guard done, let packed = unsafe results.0, let packedScales = unsafe results.1 else {
            stop("QuantizedWeight: \(Torch.lastError)")
        }
        self.precision = precision
        outputs = values.size(0)
        inputs = values.size(1)
        self.packed = unsafe Tensor(owning: packed)
        self.scales = unsafe Tensor(owning: packedScales)
    }

    /// `x · weightᵀ + bias`: `[…, inputs]` to `[…, outputs]`, float32 on the CPU, without gradients.
    public func callAsFunction(_ x: Tensor, bias: Tensor? = nil) -> Tensor {
        unsafe Tensor(
            kernel: "quantized linear",
            ctorch_quantized_linear(
                x.handle, packed.handle, scales.handle, bias?.handle, Int64(outputs), Int32(precision.rawValue)))
    }

    /// Bytes that a product reads.
    public var byteCount: Int {
        packed.shape.reduce(1, *) + 4 * scales.shape.reduce(1, *)
    }
}

/// The kernel of quantized layers, by its kind of processor.
public enum QuantizedKernel: String, Sendable, CaseIterable {
    case vnni = "avx512_vnni"
    case avx2
    case plain

    /// The one in use: the first of these that this processor has and whose bits are those of the plain one.
    public static var current: QuantizedKernel? {
        unsafe QuantizedKernel(rawValue: String(cString: ctorch_quantized_kernel()))
    }

    /// Takes another for the whole process; false where this processor has it not.
    public static func use(_ kernel: QuantizedKernel) -> Bool {
        unsafe kernel.rawValue.withCString { unsafe ctorch_quantized_use_kernel($0) }
    }
}
