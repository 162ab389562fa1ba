internal import CTorch

/// A multi-dimensional array of libtorch, with autograd.
///
/// The methods carry PyTorch's names and mean what they mean there. A tensor is a reference: views share memory,
/// and methods whose names end in `InPlace` (PyTorch's trailing underscore) change it for everyone. Memory is freed
/// when the last reference goes, at a known place, without a collector.
///
/// A tensor may be handed from one thread to another, hence `Sendable`; changing it in place on one thread while
/// another uses it is a race, as in PyTorch. Gradient mode belongs to a thread, so a model is used from one thread at
/// a time: training sessions and engines are actors with a thread of their own.
@safe public final class Tensor: @unchecked Sendable {
    let handle: ctorch_tensor

    /// Takes over one reference.
    init(owning handle: ctorch_tensor) { unsafe self.handle = handle }

    /// Takes over what a function of the shim returned; nothing means that it refused its arguments.
    convenience init(kernel name: String, _ result: ctorch_tensor?) {
        guard let result = unsafe result else { stop("\(name): \(Torch.lastError)") }
        unsafe self.init(owning: result)
    }

    /// Takes over the tensors that a function of the shim wrote; false from it means that it refused its arguments.
    static func taken(
        from name: String, count: Int, _ kernel: (UnsafeMutablePointer<ctorch_tensor?>) -> Bool
    ) -> [Tensor] {
        unsafe withUnsafeTemporaryAllocation(of: ctorch_tensor?.self, capacity: count) { results in
            unsafe results.initialize(repeating: nil)
            guard let first = results.baseAddress, unsafe kernel(first) else {
                stop("\(name): \(Torch.lastError)")
            }
            return (0..<count).map { unsafe Tensor(kernel: name, results[$0]) }
        }
    }

    deinit { unsafe ctorch_tensor_release(handle) }

    /// Number of dimensions; 0 for a scalar.
    public var dim: Int { Int(unsafe ctorch_tensor_dimension(handle)) }

    /// Length of every dimension.
    public var shape: [Int] {
        let sizes = unsafe UnsafeBufferPointer(start: ctorch_tensor_sizes(handle), count: dim)
        return unsafe sizes.map { Int($0) }
    }

    /// Step between neighbours along every dimension, in elements.
    public var strides: [Int] {
        let strides = unsafe UnsafeBufferPointer(start: ctorch_tensor_strides(handle), count: dim)
        return unsafe strides.map { Int($0) }
    }

    /// Length of one dimension; negative numbers count from the end.
    public func size(_ dimension: Int) -> Int {
        let count = dim
        let position = dimension < 0 ? dimension + count : dimension
        precondition((0..<count).contains(position), "dimension \(dimension) of a tensor of shape \(shape)")
        return Int(unsafe ctorch_tensor_sizes(handle)[position])
    }

    /// Number of elements.
    public var count: Int { Int(unsafe ctorch_tensor_count(handle)) }

    public var dtype: DType {
        let code = unsafe ctorch_tensor_dtype(handle)
        guard let dtype = DType(rawValue: Int(code)) else {
            stop("libtorch made a tensor of scalar type \(code), which Hone does not use")
        }
        return dtype
    }

    public var device: Device { Device(code: unsafe ctorch_tensor_device(handle)) }

    public var isContiguous: Bool { unsafe ctorch_tensor_is_contiguous(handle) }

    /// Lends the elements' memory. The tensor must be contiguous and on the CPU.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(isContiguous && device == .cpu, "only a contiguous tensor on the CPU lends its memory")
        let start = unsafe ctorch_tensor_data(handle)
        let bytes = unsafe UnsafeMutableRawBufferPointer(
            start: start, count: start == nil ? 0 : count * dtype.byteCount)
        defer { withExtendedLifetime(self) {} }
        return try unsafe body(bytes)
    }
}

/// The library underneath.
public enum Torch {
    /// For example "2.13.0".
    public static var version: String { unsafe String(cString: ctorch_version()) }

    static var lastError: String { unsafe String(cString: ctorch_last_error()) }
}
