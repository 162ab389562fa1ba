import HoneTensor

/// One product of a linear layer, by each way to compute it that this libtorch offers on the CPU in fp32.
struct LinearMeasurement {
    /// The three products of a layer with input x `[rows, inputs]` and weight `[outputs, inputs]`.
    enum Product: String, CaseIterable {
        /// `x · weightᵀ`
        case forward
        /// `dy · weight`
        case inputGradient = "input gradient"
        /// `dyᵀ · x`
        case weightGradient = "weight gradient"
    }

    /// How the product is computed.
    enum Path: String, CaseIterable {
        /// What `Tensor.linear` does.
        case hone
        /// What eager PyTorch does: MKL.
        case aten = "aten::mm"
        /// oneDNN on the weight as it is.
        case oneDNN = "oneDNN"
        /// oneDNN on a weight packed beforehand.
        case oneDNNPacked = "oneDNN packed"
    }

    let rows: Int
    let inputs: Int
    let outputs: Int

    /// Billions of multiplications and additions per second, once per run; nil where a path has no such product.
    func speeds(_ product: Product, _ path: Path, runs: Int) -> [Double]? {
        guard let body = body(product, path) else { return nil }
        let work = Double(rows * inputs * outputs)
        // A run is long enough for the clock: some 20 million products.
        let repetitions = max(1, Int(2e7 / work))
        body()
        return (0..<runs).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<repetitions { body() }
            return work * Double(repetitions) / ((ContinuousClock.now - start) / .seconds(1)) / 1e9
        }
    }

    private func body(_ product: Product, _ path: Path) -> (() -> Void)? {
        let random = Generator(seed: 1)
        let x = Tensor.randn([rows, inputs], generator: random)
        let weight = Tensor.randn([outputs, inputs], generator: random)
        let dy = Tensor.randn([rows, outputs], generator: random)
        let (left, right) =
            switch product {
            case .forward: (x, weight.transpose(0, 1))
            case .inputGradient: (dy, weight)
            case .weightGradient: (dy.transpose(0, 1), x)
            }
        switch path {
        case .hone: return own(product, x: x, weight: weight, dy: dy)
        case .aten: return { noGrad { _ = left.matmul(right) } }
        case .oneDNN: return { _ = Self.pointwise(left, right.transpose(0, 1)) }
        case .oneDNNPacked:
            guard product == .forward else { return nil }
            let packed = Self.reorder(.tensor(weight), .int(rows))
            return { _ = Self.pointwise(left, packed) }
        }
    }

    /// The gradients are timed through autograd, as training computes them; few rows go to libtorch there.
    private func own(_ product: Product, x: Tensor, weight: Tensor, dy: Tensor) -> (() -> Void)? {
        switch product {
        case .forward: return { noGrad { _ = x.linear(weight) } }
        case .inputGradient, .weightGradient:
            guard rows >= 64 else { return nil }
            let leaf = product == .inputGradient ? x : weight
            leaf.requiresGrad = true
            let y = x.linear(weight)
            return {
                leaf.grad = nil
                y.backward(gradient: dy, retainGraph: true)
            }
        }
    }

    private static let reorder = Operator("mkldnn::_reorder_linear_weight")
    private static let pointwiseOperator = Operator("mkldnn::_linear_pointwise")

    private static func pointwise(_ x: Tensor, _ weight: Tensor) -> Tensor {
        noGrad {
            pointwiseOperator(.tensor(x), .tensor(weight), .none, .string("none"), .optionalTensors([]), .none)
        }
    }
}
