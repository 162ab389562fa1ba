/// A part of a network that names its parameters.
///
/// A module is a plain struct; it says in `visit` what it holds, and everything else follows:
/// ```swift
/// struct Mlp: Module {
///     let up: Linear
///     let down: Linear
///     func visit(_ visitor: ParameterVisitor) {
///         visitor.module("up", up)
///         visitor.module("down", down)
///     }
///     func callAsFunction(_ x: Tensor) -> Tensor { down(up(x).silu()) }
/// }
/// ```
public protocol Module {
    /// Shows every parameter and every child to the visitor, always in the same order.
    func visit(_ visitor: ParameterVisitor)
}

/// A trained tensor and its path, for example `model.norm.weight`.
public struct NamedParameter {
    public let name: String
    public let tensor: Tensor
    /// Under which names, and as which rows, the tensor is saved; itself unless several layers share it.
    public let pieces: [Piece]

    public init(name: String, tensor: Tensor, pieces: [Piece] = []) {
        self.name = name
        self.tensor = tensor
        self.pieces = pieces
    }

    /// Consecutive rows of a parameter that files keep as a tensor of its own.
    public struct Piece {
        public let name: String
        public let rowCount: Int

        public init(_ name: String, rowCount: Int) {
            self.name = name
            self.rowCount = rowCount
        }
    }
}

/// Collects parameters with their paths.
public struct ParameterVisitor {
    private let path: String
    private let body: (NamedParameter) -> Void

    init(path: String = "", body: @escaping (NamedParameter) -> Void) {
        self.path = path
        self.body = body
    }

    /// Shows a parameter; an absent one (a layer without bias) is skipped.
    public func parameter(_ name: String, _ tensor: Tensor?) {
        guard let tensor else { return }
        body(NamedParameter(name: path + name, tensor: tensor))
    }

    /// Shows a parameter that joins the rows of several saved tensors, so that one product computes them all.
    public func fused(_ name: String, _ tensor: Tensor?, pieces: [NamedParameter.Piece]) {
        guard let tensor else { return }
        let total = pieces.reduce(0) { $0 + $1.rowCount }
        precondition(total == tensor.size(0), "pieces of \(total) rows for '\(path + name)' of shape \(tensor.shape)")
        let placed = pieces.map { NamedParameter.Piece(path + $0.name, rowCount: $0.rowCount) }
        body(NamedParameter(name: path + name, tensor: tensor, pieces: placed))
    }

    public func module(_ name: String, _ module: some Module) {
        module.visit(ParameterVisitor(path: path + name + ".", body: body))
    }

    public func modules(_ name: String, _ modules: [some Module]) {
        for (i, module) in modules.enumerated() { self.module("\(name).\(i)", module) }
    }
}

extension Module {
    /// What an optimizer trains.
    public var namedParameters: [NamedParameter] {
        var found: [NamedParameter] = []
        visit(ParameterVisitor { found.append($0) })
        return found
    }

    public var parameters: [Tensor] { namedParameters.map(\.tensor) }

    /// Number of trained numbers.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// What a file keeps: names and tensors that share memory with the parameters.
    public func stateDictionary() -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for parameter in namedParameters {
            for (name, tensor) in parameter.saved { state[name] = tensor }
        }
        return state
    }

    /// Copies `state` into the parameters, converting types. Nothing is changed unless all of it fits.
    ///
    /// - Parameter state: exactly the names of `stateDictionary()`.
    /// - Throws: `stateMismatch`, naming the tensor that is missing, unknown or of another shape.
    public func load(_ state: [String: Tensor]) throws(TensorError) {
        let own = stateDictionary()
        for name in own.keys.sorted() where state[name] == nil {
            throw .stateMismatch(name: name, fault: "is missing")
        }
        for name in state.keys.sorted() where own[name] == nil {
            throw .stateMismatch(name: name, fault: "is not a parameter of this model")
        }
        for (name, tensor) in own {
            guard let source = state[name], source.shape != tensor.shape else { continue }
            throw .stateMismatch(name: name, fault: "has shape \(source.shape), this model needs \(tensor.shape)")
        }
        noGrad {
            for (name, tensor) in own {
                if let source = state[name] { tensor.copyInPlace(source) }
            }
        }
    }

    /// Makes every parameter a leaf that collects gradients, or one that does not.
    public func requireGrad(_ value: Bool = true) {
        for parameter in parameters { parameter.requiresGrad = value }
    }
}

extension NamedParameter {
    /// Names and tensors under which the parameter is saved; views of its memory.
    public var saved: [(name: String, tensor: Tensor)] {
        let whole = tensor.detach()
        guard !pieces.isEmpty else { return [(name, whole)] }
        let rows = whole.split(pieces.map(\.rowCount), dim: 0)
        return zip(pieces, rows).map { ($0.name, $1) }
    }
}
