import HoneTensor
import Testing

@Suite struct DropoutTests {
    private let ones = Tensor.ones([200, 50])

    @Test func aShareOfTheElementsBecomesZeroAndTheMeanStays() {
        let thinned = ones.thinned(by: Dropout(rate: 0.3, generator: Generator(seed: 1))).toArray(Float.self)
        let zeros = Double(thinned.count { $0 == 0 }) / Double(thinned.count)
        #expect(abs(zeros - 0.3) < 0.02)
        #expect(thinned.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
    }

    @Test func theSameSeedZeroesTheSameElements() {
        func draw(_ seed: UInt64) -> [Float] {
            ones.thinned(by: Dropout(rate: 0.5, generator: Generator(seed: seed))).toArray(Float.self)
        }
        #expect(draw(2) == draw(2))
        #expect(draw(2) != draw(3))
    }

    @Test func gradientsFlowThroughWhatIsKept() throws {
        let x = Tensor.ones([1000]).requiringGrad()
        let y = x.thinned(by: Dropout(rate: 0.25, generator: Generator(seed: 4)))
        y.sum().backward()
        let grad = try #require(x.grad)
        #expect(grad.toArray(Float.self) == y.toArray(Float.self))
    }

    @Test func withoutDropoutNothingChanges() {
        #expect(ones.thinned(by: nil).toArray(Float.self) == ones.toArray(Float.self))
    }
}
