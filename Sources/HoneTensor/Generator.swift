internal import CTorch

private let normalOperator = Operator("aten::randn", "generator")
private let uniformOperator = Operator("aten::rand", "generator")
private let randintOperator = Operator("aten::randint", "low_generator")
private let permutationOperator = Operator("aten::randperm", "generator")
private let multinomialOperator = Operator("aten::multinomial")
private let exponentialOperator = Operator("aten::exponential_")

/// A source of random numbers: the same seed gives the same numbers on the same device.
@safe public final class Generator: @unchecked Sendable {
    let handle: ctorch_generator

    private init(owning handle: ctorch_generator) { unsafe self.handle = handle }

    public convenience init(seed: UInt64, device: Device = .cpu) {
        guard let made = unsafe ctorch_generator_create(device.code, seed) else {
            stop("generator on \(device): \(Torch.lastError)")
        }
        unsafe self.init(owning: made)
    }

    deinit { unsafe ctorch_generator_release(handle) }

    /// The one that operations draw from when none is given to them.
    public static func shared(_ device: Device = .cpu) -> Generator {
        guard let found = unsafe ctorch_generator_default(device.code) else {
            stop("generator of \(device): \(Torch.lastError)")
        }
        return unsafe Generator(owning: found)
    }

    public func seed(_ seed: UInt64) { unsafe ctorch_generator_seed(handle, seed) }

    /// Everything that the next numbers depend on, as a tensor of bytes to be kept in a checkpoint.
    public func state() -> Tensor {
        guard let state = unsafe ctorch_generator_state(handle) else { stop("generator: \(Torch.lastError)") }
        return unsafe Tensor(owning: state)
    }

    /// Continues where the generator that gave `state` stood.
    public func restore(_ state: Tensor) throws(TensorError) {
        guard unsafe ctorch_generator_set_state(handle, state.handle) else {
            throw .libtorch(operation: "restore the random state", message: Torch.lastError)
        }
    }
}

/// Seeds the default generator of the CPU.
public func manualSeed(_ seed: UInt64) { Generator.shared().seed(seed) }

extension Tensor {
    /// Standard normal numbers.
    public static func randn(
        _ shape: [Int], generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        normalOperator(.ints(shape), .optional(generator), .dtype(dtype), .none, .device(device), .none)
    }

    /// Uniform numbers in 0..<1.
    public static func rand(
        _ shape: [Int], generator: Generator? = nil, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        uniformOperator(.ints(shape), .optional(generator), .dtype(dtype), .none, .device(device), .none)
    }

    /// Uniform whole numbers in `range`.
    public static func randint(
        _ range: Range<Int>, _ shape: [Int], generator: Generator? = nil, dtype: DType = .int64,
        device: Device = .cpu
    ) -> Tensor {
        randintOperator(
            .int(range.lowerBound), .int(range.upperBound), .ints(shape), .optional(generator), .dtype(dtype), .none,
            .device(device), .none)
    }

    /// 0..<count in random order, as `.int64`.
    public static func randperm(_ count: Int, generator: Generator? = nil, device: Device = .cpu) -> Tensor {
        permutationOperator(
            .int(count), .optional(generator), .dtype(.int64), .none, .device(device), .none)
    }

    /// Draws `count` positions per row with the row's weights as probabilities: `[rows, classes]` to `[rows, count]`.
    public func multinomial(_ count: Int, replacement: Bool = false, generator: Generator? = nil) -> Tensor {
        multinomialOperator(.tensor(self), .int(count), .bool(replacement), .optional(generator))
    }

    /// Overwrites the elements with exponentially distributed numbers (rate 1).
    @discardableResult
    public func exponentialInPlace(generator: Generator? = nil) -> Tensor {
        exponentialOperator(.tensor(self), .real(1), .optional(generator))
    }
}
