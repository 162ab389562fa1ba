/// A change of a matrix by the product of two thin ones, scale · B A (Hu et al. 2021, arXiv:2106.09685, equation 3).
///
/// The matrix itself stays as it is, so taking the adapter away gives back the network from before.
public struct LowRankAdapter: Module {
    /// The paper's A, `[rank, in]`.
    public let down: Tensor
    /// The paper's B, `[out, rank]`.
    public let up: Tensor
    public let scale: Double

    public init(down: Tensor, up: Tensor, scale: Double) {
        precondition(down.size(0) == up.size(1), "ranks \(down.size(0)) and \(up.size(1)) of one adapter")
        self.down = down
        self.up = up
        self.scale = scale
    }

    /// An adapter that changes nothing yet: A uniform within ±1/√in (Kaiming with gain √(1/3), as in peft), B zero.
    public init(of weight: Tensor, rank: Int, scale: Double, generator: Generator) {
        let inputSize = weight.size(1)
        let bound = 1 / Double(inputSize).squareRoot()
        let drawn = Tensor.rand([rank, inputSize], generator: generator, dtype: weight.dtype)
        self.init(
            down: (drawn * (2 * bound) - bound).requiringGrad(),
            up: Tensor.zeros([weight.size(0), rank], dtype: weight.dtype).requiringGrad(), scale: scale)
    }

    /// What it adds to the layer's output: `[…, in]` to `[…, out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(down).linear(up) * scale }

    /// What it adds to the matrix, `[out, in]`.
    public var change: Tensor { noGrad { up.matmul(down) * scale } }

    public func visit(_ visitor: ParameterVisitor) {
        visitor.parameter("lora_A.weight", down)
        visitor.parameter("lora_B.weight", up)
    }
}
