import HoneTensor
import Testing

@Suite struct ThreadsTests {
    private func onThreads<Result>(_ count: Int, _ body: () -> Result) -> Result {
        let before = Threads.intraOp
        defer { Threads.set(intraOp: before) }
        Threads.set(intraOp: count)
        return body()
    }

    @Test(arguments: [1, 2, 3, 16])
    func `tasks side by side give the bits of tasks one by one, in their order`(threads: Int) {
        func gradient(_ number: Int) -> Tensor {
            let generator = Generator(seed: UInt64(number))
            let weight = Tensor.randn([70, 48], generator: generator).requiringGrad()
            let x = Tensor.randn([200 + number, 48], generator: generator)
            x.linear(weight).swiGLU().pow(2).sum().backward()
            return weight.grad ?? Tensor.zeros([0])
        }
        let alone = onThreads(1) { (0..<7).map(gradient) }
        let together = onThreads(threads) { Threads.map(7, gradient) }
        #expect(together.count == 7)
        for (a, b) in zip(alone, together) { #expect(a.equals(b)) }
    }

    @Test(arguments: [1, 2]) func `tasks record gradients where their caller does`(threads: Int) {
        onThreads(threads) {
            #expect(Threads.map(5) { _ in isGradEnabled } == [Bool](repeating: true, count: 5))
            #expect(noGrad { Threads.map(5) { _ in isGradEnabled } } == [Bool](repeating: false, count: 5))
            // What a task switches is switched for itself alone.
            let nested = Threads.map(5) { number in withGrad(enabled: number % 2 == 0) { isGradEnabled } }
            #expect(nested == [true, false, true, false, true])
            #expect(isGradEnabled)
        }
    }

    @Test func `tasks within tasks run one by one`() {
        let sums = onThreads(2) { Threads.map(3) { outer in Threads.map(4) { outer * 10 + $0 }.reduce(0, +) } }
        #expect(sums == [6, 46, 86])
    }
}
