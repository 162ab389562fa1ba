private let lerp = Operator("aten::lerp", "Scalar")
private let lerpInPlace = Operator("aten::lerp_", "Scalar")

/// Momentum whose update is made orthogonal, for the matrices inside a network (Jordan et al. 2024, "Muon: An
/// optimizer for hidden layers in neural networks"). Embeddings, heads, norms and biases stay with AdamW.
///
/// An update's direction is the nearest semi-orthogonal matrix to its momentum, so rare directions move as fast as
/// common ones. Matrices of one shape are kept and updated together: one product instead of one a layer.
public final class Muon {
    public var learningRate: Double
    private let momentum: Double
    private let weightDecay: Double
    private let groups: [Group]

    /// Parameters of one shape with their running means, `[count, rows, columns]`.
    private struct Group {
        let parameters: [NamedParameter]
        let mean: Tensor

        init(_ parameters: [NamedParameter]) {
            self.parameters = parameters
            mean = Tensor.stack(parameters.map { $0.tensor.detach() }).zerosLike()
        }
    }

    /// - Parameters:
    ///   - parameters: matrices, `[rows, columns]`; a step needs the gradient of each
    ///   - learningRate: may be changed between steps
    ///   - momentum: decay of the running mean of the gradients, which is applied in Nesterov's form
    ///   - weightDecay: fraction of a parameter taken off per step and unit of learning rate
    public init(
        _ parameters: [NamedParameter], learningRate: Double = 0.02, momentum: Double = 0.95, weightDecay: Double = 0.1
    ) {
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        for parameter in parameters {
            let shape = parameter.tensor.shape
            precondition(shape.count == 2, "'\(parameter.name)' of shape \(shape) is no matrix")
        }
        let shapes = Dictionary(grouping: parameters) { $0.tensor.shape }
        groups = shapes.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { Group($0.value) }
    }

    /// Moves every parameter.
    public func step() {
        noGrad {
            for group in groups { update(group) }
        }
    }

    /// Forgets the gradients.
    public func zeroGrad() {
        for parameter in groups.flatMap(\.parameters) { parameter.tensor.grad = nil }
    }

    private func update(_ group: Group) {
        let gradients = group.parameters.map { parameter in
            guard let gradient = parameter.tensor.grad else {
                preconditionFailure("'\(parameter.name)' has no gradient")
            }
            return gradient
        }
        let gradient = Tensor.stack(gradients)
        _ = lerpInPlace(.tensor(group.mean), .tensor(gradient), .real(1 - momentum))
        let direction = orthogonalized(lerp(.tensor(gradient), .tensor(group.mean), .real(momentum)))
        let (rows, columns) = (Double(direction.size(1)), Double(direction.size(2)))
        let rate = learningRate * max(1, rows / columns).squareRoot()
        for (i, parameter) in group.parameters.enumerated() {
            parameter.tensor.multiplyInPlace(1 - learningRate * weightDecay)
            parameter.tensor.addInPlace(direction.select(0, i), alpha: -rate)
        }
    }
}

/// The semi-orthogonal matrix nearest to each `[count, rows, columns]`, roughly: five steps of a Newton-Schulz
/// iteration whose quintic (3.4445, -4.7750, 2.0315) brings every singular value into [0.7, 1.2].
private func orthogonalized(_ matrices: Tensor) -> Tensor {
    let isTall = matrices.size(1) > matrices.size(2)
    let norms = matrices.flatten(from: 1).norm(dim: 1).view(-1, 1, 1)
    var x = matrices / (norms + 1e-7)
    if isTall { x = x.transpose(1, 2) }
    for _ in 0..<5 {
        let square = x.matmul(x.transpose(1, 2))
        x = x * 3.4445 + (square * -4.7750 + square.matmul(square) * 2.0315).matmul(x)
    }
    return isTall ? x.transpose(1, 2) : x
}

// Checkpoints.
extension Muon {
    /// The running means under `<parameter>.momentum`; they share memory with the optimizer.
    public func stateDictionary() -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for group in groups {
            for (i, parameter) in group.parameters.enumerated() {
                state[parameter.name + ".momentum"] = group.mean.select(0, i)
            }
        }
        return state
    }

    /// Continues where the optimizer that gave `state` stood. Nothing is changed unless all of it fits.
    public func load(_ state: [String: Tensor]) throws(TensorError) {
        try restore(stateDictionary(), from: state)
    }
}
