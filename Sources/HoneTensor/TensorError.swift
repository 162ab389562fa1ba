/// What can go wrong in this module for a reason that lies outside the program.
///
/// A misuse of the API (shapes that do not fit, an index out of range) is a programming error and stops the program
/// with libtorch's own message; only input from outside is reported as an error.
public enum TensorError: Error, Equatable {
    /// libtorch refused an operation; `message` is the first line of what it said.
    case libtorch(operation: String, message: String)
    /// A safetensors file is malformed or cannot be read.
    case badFile(path: String, fault: String)
    /// A file could not be written.
    case cannotWrite(path: String, reason: String)
    /// A dictionary of tensors does not fit the module or the optimizer that it is loaded into.
    case stateMismatch(name: String, fault: String)
}

extension TensorError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .libtorch(let operation, let message): "\(operation): \(message)"
        case .badFile(let path, let fault): "\(path): not a usable safetensors file: \(fault)"
        case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
        case .stateMismatch(let name, let fault): "tensor '\(name)': \(fault)"
        }
    }
}
