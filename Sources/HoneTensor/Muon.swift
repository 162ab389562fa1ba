private let lerp = Operator("aten::lerp", "Scalar")
private let lerpInPlace = Operator("aten::lerp_", "Scalar")
/// beta · a + alpha · b · c, matrix by matrix.
private let scaledProduct = Operator("aten::baddbmm")

/// Momentum whose update is made orthogonal, for the matrices inside a network (Jordan et al. 2024, "Muon: An
/// optimizer for hidden layers in neural networks"). Embeddings, heads, norms and biases stay with AdamW.
///
/// An update's direction is the nearest semi-orthogonal matrix to its momentum, so rare directions move as fast as
/// common ones. Matrices of one shape are kept and updated together, as many as are small enough: one product instead
/// of one a layer.
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

    /// A few matrices at a time: some five times as much is held while they are made orthogonal.
    private static let numbersAtOnce = 1 << 22

    private func update(_ group: Group) {
        let size = group.mean.size(1) * group.mean.size(2)
        let count = max(1, Self.numbersAtOnce / size)
        for start in stride(from: 0, to: group.parameters.count, by: count) {
            update(group, start..<min(start + count, group.parameters.count))
        }
    }

    private func update(_ group: Group, _ range: Range<Int>) {
        let gradient = Tensor.stack(
            group.parameters[range].map { parameter in
                guard let gradient = parameter.tensor.grad else {
                    preconditionFailure("'\(parameter.name)' has no gradient")
                }
                return gradient
            })
        let mean = group.mean.narrow(0, start: range.lowerBound, length: range.count)
        _ = lerpInPlace(.tensor(mean), .tensor(gradient), .real(1 - momentum))
        let direction = orthogonalized(lerp(.tensor(gradient), .tensor(mean), .real(momentum)))
        let (rows, columns) = (Double(direction.size(1)), Double(direction.size(2)))
        let rate = learningRate * max(1, rows / columns).squareRoot()
        for (i, parameter) in group.parameters[range].enumerated() {
            parameter.tensor.multiplyInPlace(1 - learningRate * weightDecay)
            parameter.tensor.addInPlace(direction.select(0, i), alpha: -rate)
        }
    }
}

/// The semi-orthogonal matrix nearest to each X of `[count, rows, columns]`, roughly: five steps of a Newton-Schulz
/// iteration whose quintic (3.4445, -4.7750, 2.0315) brings every singular value into [0.7, 1.2].
///
/// A step is X ← X · p(XᵀX) with p(S) = 3.4445 - 4.7750 S + 2.0315 S². Polynomials of one matrix commute, so the steps
/// are taken on the square matrix S ← p(S) S p(S) alone, and X is multiplied once by the product of all p(S).
private func orthogonalized(_ matrices: Tensor) -> Tensor {
    let isTall = matrices.size(1) > matrices.size(2)
    let norms = matrices.flatten(from: 1).norm(dim: 1).view(-1, 1, 1)
    let x = matrices / (norms + 1e-7)
    var square = isTall ? x.transpose(1, 2).matmul(x) : x.matmul(x.transpose(1, 2))
    let identity = Tensor.eye(square.size(1), device: matrices.device)
    func polynomial(_ square: Tensor) -> Tensor {
        scaledProduct(.tensor(square), .tensor(square), .tensor(square), .real(-4.7750), .real(2.0315))
            .addInPlace(identity, alpha: 3.4445)
    }
    var factor = polynomial(square)
    var last = factor
    for _ in 1..<5 {
        square = last.matmul(last.matmul(square))
        last = polynomial(square)
        factor = factor.matmul(last)
    }
    return isTall ? x.matmul(factor) : factor.matmul(x)
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
