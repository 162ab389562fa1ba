import HoneTensor
import Testing

@Suite struct TensorTests {
    @Test func `values come back as they went in, for every element type`() {
        #expect(Tensor([1.5, -2] as [Float]).toArray(Float.self) == [1.5, -2])
        #expect(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]).shape == [2, 3])
        #expect(Tensor([true, false]).toArray(Bool.self) == [true, false])
        #expect(Tensor([[1, 2], [3, 4]] as [[Int32]]).transpose(0, 1).toArray(Int32.self) == [1, 3, 2, 4])
        #expect(Tensor(2.5).item() == 2.5)
        #expect(Tensor([UInt8(200)]).dtype == .uint8)
        #expect(Tensor([] as [Float]).toArray(Float.self) == [])
    }

    @Test func `whole numbers stay whole when multiplied by a whole number`() {
        let x = Tensor([1, 2, 3])
        #expect((x * 2).dtype == .int64)
        #expect((x * 2.0).dtype == .float32)
        #expect((1 - x).toArray(Int.self) == [0, -1, -2])
        #expect((6 / x).toArray(Float.self) == [6, 3, 2])
    }

    @Test func `indexing follows numpy`() {
        let x = Tensor.arange(12).view(3, 4)
        #expect(x[1].toArray(Int.self) == [4, 5, 6, 7])
        #expect(x[.all, 1..<3].toArray(Int.self) == [1, 2, 5, 6, 9, 10])
        #expect(x[.ellipsis, -1].toArray(Int.self) == [3, 7, 11])
        #expect(x[1..., .newAxis].shape == [2, 1, 4])
        #expect(x[x .> 9].toArray(Int.self) == [10, 11])
        #expect(x[Tensor([2, 0]), Tensor([1, 3])].toArray(Int.self) == [9, 3])
        x[0, 0...1] = Tensor([100, 101])
        x[x .== 11] = Tensor(-1)
        #expect(x.toArray(Int.self) == [100, 101, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1])
    }

    @Test func `gradients add up in the leaves and stop under noGrad`() {
        let x = Tensor([1, 2, 3] as [Float]).requiringGrad()
        (x * x).sum().backward()
        #expect(x.grad?.toArray(Float.self) == [2, 4, 6])
        (x * 1).sum().backward()
        #expect(x.grad?.toArray(Float.self) == [3, 5, 7])
        x.grad = nil
        #expect(x.grad == nil)
        #expect(!noGrad { x * x }.requiresGrad)
        #expect(isGradEnabled)
        #expect(!inferenceMode { x * x }.requiresGrad)
    }

    @Test func `a gradient mode is restored when the body throws`() {
        #expect(throws: TensorError.self) {
            try noGrad { throw TensorError.stateMismatch(name: "x", fault: "none") }
        }
        #expect(isGradEnabled)
    }

    @Test func `a refused operation carries libtorch's reason in one line`() {
        let matmul = Operator("aten::mm")
        let a = Tensor.zeros([2, 3])
        let error = #expect(throws: TensorError.self) { try matmul.attempt(.tensor(a), .tensor(a)) }
        let text = error?.description ?? ""
        #expect(text.contains("2x3"))
        #expect(!text.contains("\n"))
    }

    @Test func `a generator continues where its saved state stood`() throws {
        let generator = Generator(seed: 7)
        _ = Tensor.randn([5], generator: generator)
        let state = generator.state()
        let next = Tensor.randn([1000], generator: generator)
        let other = Generator(seed: 0)
        try other.restore(state)
        #expect(Tensor.randn([1000], generator: other).equals(next))
        #expect(!Tensor.randn([1000], generator: other).equals(next))
        #expect(throws: TensorError.self) { try other.restore(Tensor.zeros([3], dtype: .uint8)) }
    }

    @Test func `a tensor's memory goes with its last reference`() {
        var views: [Tensor] = []
        do {
            let base = Tensor.ones([4, 4])
            views = base.chunk(2, dim: 0)
        }
        #expect(views[1].sum().item() == 8)
    }

    @Test func `reductions name their dimension as in PyTorch`() {
        let x = Tensor([[1, 5, 2], [7, 0, 3]] as [[Float]])
        #expect(x.sum(dim: 0).toArray(Float.self) == [8, 5, 5])
        #expect(x.max(dim: 1).toArray(Float.self) == [5, 7])
        #expect(x.maxWithIndex(dim: -1).indices.toArray(Int.self) == [1, 0])
        #expect(x.argmax(dim: 1, keepDim: true).shape == [2, 1])
        #expect(x.topK(2).values.toArray(Float.self) == [5, 2, 7, 3])
        #expect(x.mean().item() == 3)
        #expect(x.gather(1, index: Tensor([[0], [2]])).toArray(Float.self) == [1, 3])
    }
}
