public import HoneTensor

/// Rounds a weight input by input, and makes up for each input's errors in those that are still to be rounded, by what
/// inputs have in common (Frantar et al. 2022, GPTQ, arXiv:2210.17323, algorithm 1).
public struct CompensatedRounding {
    /// Of the mean of the diagonal so much is added to it, as the paper's section 3.3 (step 3) has it.
    private static let damping = 0.01

    /// `Σ xᵀx` over the inputs that were seen, `[inputs, inputs]`, float64.
    private let gram: Tensor

    /// - Parameter input: what the layer reads, `[rows, inputs]`
    public init(_ input: Tensor) {
        let x = input.detach().to(.float64)
        gram = x.transpose(0, 1).matmul(x)
    }

    /// How much the square of each input is, `[inputs]`, float32.
    public var importance: Tensor {
        let squares = Self.diagonal(.tensor(gram)).to(.float32)
        return squares + squares.mean() * Self.damping + 1e-12
    }

    /// - Parameters:
    ///   - weight: `[outputs, inputs]`, float32
    ///   - precision: of the result
    /// - Returns: the weight in whole numbers, with scales.
    public func round(_ weight: Tensor, _ precision: QuantizedValues.Precision) -> QuantizedValues {
        noGrad {
            let factor = self.factor
            let (outputs, inputs) = (weight.size(0), weight.size(1))
            // Inputs are rows here, so that one of them lies together.
            let left = weight.detach().transpose(0, 1).contiguous().clone()
            let values = Tensor.zeros([inputs, outputs])
            let importance = self.importance
            let ofRows =
                precision == .int8
                ? QuantizedValues.scales(of: weight.detach(), .int8, importance: importance) : nil
            var scales: [Tensor] = []
            for begin in stride(from: 0, to: inputs, by: QuantizedValues.groupSize) {
                let count = min(QuantizedValues.groupSize, inputs - begin)
                let block = left.narrow(0, start: begin, length: count)
                let scale =
                    ofRows
                    ?? QuantizedValues.scales(
                        of: block.transpose(0, 1).contiguous(), .int4,
                        importance: importance.narrow(0, start: begin, length: count)
                    ).view(outputs)
                scales.append(scale)
                let errors = roundBlock(
                    block, scale, factor.narrow(0, start: begin, length: count).narrow(1, start: begin, length: count),
                    limit: Double(precision.limit), into: values.narrow(0, start: begin, length: count))
                let rest = inputs - begin - count
                guard rest > 0 else { continue }
                let ahead = factor.narrow(0, start: begin, length: count)
                    .narrow(1, start: begin + count, length: rest)
                left.narrow(0, start: begin + count, length: rest)
                    .addInPlace(ahead.transpose(0, 1).matmul(errors), alpha: -1)
            }
            return QuantizedValues(
                values: values.transpose(0, 1).to(.int8).contiguous(),
                scales: ofRows ?? Tensor.stack(scales, dim: 1).contiguous(), precision: precision)
        }
    }

    /// The errors of a block's inputs, each over its place on the factor's diagonal: `[inputs of the block, outputs]`.
    private func roundBlock(
        _ block: Tensor, _ scale: Tensor, _ factor: Tensor, limit: Double, into values: Tensor
    ) -> Tensor {
        let errors = block.zerosLike()
        let diagonal = Self.diagonal(.tensor(factor)).toArray(Float.self)
        let count = block.size(0)
        for index in 0..<count {
            let row = block.select(0, index)
            let whole = (row / scale).round().clamp(min: -limit, max: limit)
            values.select(0, index).copyInPlace(whole)
            let error = (row - whole * scale) / diagonal[index]
            errors.select(0, index).copyInPlace(error)
            guard index + 1 < count else { continue }
            let ahead = factor.select(0, index).narrow(0, start: index + 1, length: count - index - 1)
            block.narrow(0, start: index + 1, length: count - index - 1)
                .addInPlace(ahead.unsqueeze(1) * error.unsqueeze(0), alpha: -1)
        }
        return errors
    }

    /// The upper factor of the inverse, `[inputs, inputs]`, float32.
    private var factor: Tensor {
        let size = gram.size(0)
        let mean: Double = Self.diagonal(.tensor(gram)).mean().item()
        // An input that was never seen to be more than 0 costs nothing, and is rounded as it is.
        let damped = gram + Tensor.eye(size, dtype: .float64) * (mean * Self.damping + 1e-12)
        let inverse = Self.inverse(.tensor(Self.cholesky(.tensor(damped))))
        return Self.cholesky(.tensor(inverse), .bool(true)).to(.float32).contiguous()
    }

    private static let diagonal = Operator("aten::diagonal")
    private static let cholesky = Operator("aten::linalg_cholesky")
    private static let inverse = Operator("aten::cholesky_inverse")
}
