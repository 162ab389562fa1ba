internal import CTorch

/// An ATen operator, found once by its schema's name and overload and called through libtorch's dispatcher.
///
/// The operators that Hone needs are wrapped as methods of `Tensor`; any other can be called by name:
/// `Operator("aten::_fused_rms_norm")(.tensor(x), .ints([64]), .tensor(weight), .none)`.
@safe public struct Operator: @unchecked Sendable {
    public let name: String
    private let handle: ctorch_operator

    /// Stops the program if libtorch knows no such operator.
    public init(_ name: String, _ overload: String = "") {
        guard let found = unsafe ctorch_find_operator(name, overload) else {
            stop("libtorch \(Torch.version) has no operator \(name).\(overload): \(Torch.lastError)")
        }
        self.name = name
        unsafe handle = found
    }

    /// Calls the operator. Stops the program when libtorch refuses the arguments.
    ///
    /// - Parameter arguments: in the schema's order; those left out at the end take the schema's defaults.
    /// - Returns: the first result.
    @discardableResult
    public func callAsFunction(_ arguments: Argument...) -> Tensor {
        do throws(TensorError) {
            return try one(arguments)
        } catch {
            stop("\(error)")
        }
    }

    /// Calls the operator and returns every tensor among its results.
    public func all(_ arguments: Argument...) -> [Tensor] {
        do throws(TensorError) {
            return try many(arguments)
        } catch {
            stop("\(error)")
        }
    }

    /// Like a call, but reports libtorch's refusal as an error: for arguments that come from outside.
    public func attempt(_ arguments: Argument...) throws(TensorError) -> [Tensor] { try many(arguments) }

    private func one(_ arguments: [Argument]) throws(TensorError) -> Tensor {
        var result = unsafe ctorch_value()
        let count = unsafe withValues(arguments) { values in
            unsafe ctorch_call(handle, values.baseAddress ?? Self.nothing, Int32(values.count), &result, 1)
        }
        guard count == 1, unsafe result.kind == CTORCH_TENSOR, let owned = unsafe result.handle else {
            let problem = count < 0 ? Torch.lastError : "returned no tensor"
            throw .libtorch(operation: name, message: problem)
        }
        return unsafe Tensor(owning: OpaquePointer(owned))
    }

    private func many(_ arguments: [Argument]) throws(TensorError) -> [Tensor] {
        let capacity = 1024
        var tensors: [Tensor] = []
        let count = unsafe withUnsafeTemporaryAllocation(of: ctorch_value.self, capacity: capacity) { results in
            let count = unsafe withValues(arguments) { values in
                unsafe ctorch_call(
                    handle, values.baseAddress ?? Self.nothing, Int32(values.count),
                    results.baseAddress ?? Self.nothing,
                    Int32(capacity))
            }
            for i in 0..<max(0, Int(count)) where unsafe results[i].kind == CTORCH_TENSOR {
                if let owned = unsafe results[i].handle {
                    unsafe tensors.append(Tensor(owning: OpaquePointer(owned)))
                }
            }
            return count
        }
        if count < 0 { throw .libtorch(operation: name, message: Torch.lastError) }
        return tensors
    }

    /// A valid address for an empty list of values.
    nonisolated(unsafe) private static let nothing = UnsafeMutablePointer<ctorch_value>.allocate(capacity: 1)
}

/// One argument of an `Operator`.
public enum Argument {
    case none
    case tensor(Tensor)
    case int(Int)
    case real(Double)
    case bool(Bool)
    case ints([Int])
    case reals([Double])
    case tensors([Tensor])
    case optionalTensors([Tensor?])
    case string(String)
    case device(Device)
    case generator(Generator)

    /// `.none` for nil.
    public static func optional(_ tensor: Tensor?) -> Argument { tensor.map { .tensor($0) } ?? .none }
    public static func optional(_ generator: Generator?) -> Argument { generator.map { .generator($0) } ?? .none }
    public static func dtype(_ dtype: DType?) -> Argument { dtype.map { .int($0.rawValue) } ?? .none }
}

/// A Swift number that can stand where libtorch takes a scalar: integers stay integers, so that an integer tensor
/// times `2` stays an integer tensor and times `2.0` does not.
public protocol TensorScalar {
    var argument: Argument { get }
}

extension Int: TensorScalar { public var argument: Argument { .int(self) } }
extension Double: TensorScalar { public var argument: Argument { .real(self) } }
extension Float: TensorScalar { public var argument: Argument { .real(Double(self)) } }
