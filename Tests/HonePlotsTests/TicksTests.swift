import Testing

@testable import HonePlots

@Suite struct TicksTests {
    @Test(
        arguments: [
            (0.0...1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (0...20_000, ["0", "5,000", "10,000", "15,000", "20,000"]),
            (3.0...7.0, ["3", "4", "5", "6", "7"]), (-1...1, ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
            (0...2e-7, ["0", "0.5e-7", "1.0e-7", "1.5e-7", "2.0e-7"]),
            (0...4e9, ["0", "1e9", "2e9", "3e9", "4e9"]),
            (0.012...0.0234, ["0.012", "0.014", "0.016", "0.018", "0.020", "0.022"]),
        ] as [(ClosedRange<Double>, [String])])
    func ticksAreRoundNumbersWrittenShort(_ range: ClosedRange<Double>, labels: [String]) {
        let ticks = Ticks(range)
        #expect(ticks.values.map { ticks.label($0) } == labels)
    }

    @Test(
        arguments: [
            (0.13...0.94, 0.0...1.0), (4.0...4.0, 2.0...6.0), (0.0...0.0, -1.0...1.0), (-3.0...8.0, -4.0...8.0),
            (1...1.1, 1...1.1),
        ] as [(ClosedRange<Double>, ClosedRange<Double>)])
    func anAxisBeginsAndEndsAtATick(_ range: ClosedRange<Double>, rounded: ClosedRange<Double>) {
        let result = Ticks(rounding: range).range
        #expect(abs(result.lowerBound - rounded.lowerBound) < 1e-9, "\(result)")
        #expect(abs(result.upperBound - rounded.upperBound) < 1e-9, "\(result)")
    }

    @Test(arguments: [1e-300, 1e-30, 1, 1e12, 1e300] as [Double]) func anySizeOfNumberHasAFewTicks(_ size: Double) {
        for range in [0...size, -size...size, size...size, size...size * 1.0000001] {
            let ticks = Ticks(rounding: range)
            #expect((2...12).contains(ticks.values.count), "\(range)")
            #expect(ticks.values.allSatisfy { ticks.label($0).count < 24 }, "\(range)")
        }
    }
}
