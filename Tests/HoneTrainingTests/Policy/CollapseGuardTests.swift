import Testing

@testable import HoneTraining

@Suite struct CollapseGuardTests {
    private func report(_ step: Int, _ change: (inout PPOStepReport) -> Void = { _ in }) -> PPOStepReport {
        var report = PPOStepReport(step: step, steps: 100)
        report.score = 0.5
        report.entropy = 1
        report.meanLength = 20
        change(&report)
        return report
    }

    private func cause(_ change: @escaping (inout PPOStepReport) -> Void) -> StopCause? {
        var collapseGuard = CollapseGuard()
        for step in 1...20 {
            let report = step <= 10 ? report(step) : report(step, change)
            if let cause = collapseGuard.check(report, CollapseLimits()) { return cause }
        }
        return nil
    }

    @Test func `every sign of a breakdown stops the run with its cause, and a good run goes on`() {
        #expect(cause { _ in } == nil)
        #expect(cause { $0.maximumRatio = 1000 }?.quantity == .ratio)
        #expect(cause { $0.divergence = 50 }?.quantity == .divergence)
        #expect(cause { $0.entropy = 0.01 }?.quantity == .entropy)
        #expect(cause { $0.meanLength = 70 }?.quantity == .length)
        #expect(cause { $0.meanLength = 5 }?.quantity == .length)
        #expect(cause { $0.zeroVarianceShare = 1 }?.quantity == .zeroVariance)
        let score = cause { $0.score = 0.2 }
        #expect(score?.quantity == .score)
        #expect(score?.description.contains("the mean score fell") == true)
    }

    @Test func `one bad step is forgiven, and three in a row are not`() {
        #expect(cause { $0.maximumRatio = $0.step % 3 == 0 ? 1 : 1000 } == nil)
        #expect(cause { $0.maximumRatio = 1000 }?.step == 13)
    }
}
