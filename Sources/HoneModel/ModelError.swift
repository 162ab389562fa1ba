import HoneTensor

/// Why a model cannot be made, read or written.
public enum ModelError: Error, Equatable {
    /// A field of `config.json` is missing, out of range, or asks for something that Hone does not compute.
    case configuration(field: String, fault: String)
    /// A file of the model's directory cannot be read, understood or written.
    case file(path: String, fault: String)
    /// The model has hierarchical attention or adapters, which only the CPU computes.
    case notComputed(device: String)
}

extension ModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let field, let fault): "model configuration: '\(field)' \(fault)"
        case .file(let path, let fault): "\(path): \(fault)"
        case .notComputed(let device):
            "\(device) does not compute models with hierarchical attention or adapters; use cpu"
        }
    }
}
