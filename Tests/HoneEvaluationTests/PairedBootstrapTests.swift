import HoneEvaluation
import Testing

@Suite struct PairedBootstrapTests {
    @Test func `the interval of a share is that of the normal distribution, nearly`() {
        let differences = (0..<400).map { $0 % 4 == 0 ? 1.0 : 0 }
        let found = PairedBootstrap(differences, resampleCount: 4000)
        #expect(found.difference == 0.25)
        let halfWidth = 1.96 * (0.25 * 0.75 / 400).squareRoot()
        #expect(abs(found.lower - (0.25 - halfWidth)) < 0.01)
        #expect(abs(found.upper - (0.25 + halfWidth)) < 0.01)
    }

    @Test func `equal differences leave no doubt and a seed is repeated`() {
        #expect(PairedBootstrap([0.5, 0.5, 0.5]).lower == 0.5)
        #expect(PairedBootstrap([0, 1, 3], seed: 7) == PairedBootstrap([0, 1, 3], seed: 7))
    }
}
