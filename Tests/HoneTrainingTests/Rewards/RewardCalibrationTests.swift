import Foundation
import Testing

@testable import HoneTraining

@Suite struct RewardCalibrationTests {
    /// Log-odds, and outcomes that come about as often as σ(slope · z + intercept) says.
    private func predictions(slope: Double, intercept: Double) -> (logits: [Double], outcomes: [Bool]) {
        var (logits, outcomes): ([Double], [Bool]) = ([], [])
        for place in -20...20 {
            let logit = Double(place) / 5
            let soCount = Int((1000 / (1 + exp(-(slope * logit + intercept)))).rounded())
            for number in 0..<1000 {
                logits.append(logit)
                outcomes.append(number < soCount)
            }
        }
        return (logits, outcomes)
    }

    @Test(arguments: [(0.4, 0.0), (1.0, 0.7), (2.5, -1.0)])
    func `what made the outcomes is found`(slope: Double, intercept: Double) {
        let (logits, outcomes) = predictions(slope: slope, intercept: intercept)
        let found = RewardCalibration(logits: logits, outcomes: outcomes, hasIntercept: true)
        #expect(abs(found.slope - slope) < 0.02)
        #expect(abs(found.intercept - intercept) < 0.02)
    }

    @Test func `pairs have a temperature alone`() {
        // Three of four are ordered as the label says, all with the same distance.
        let (logits, outcomes) = ((0..<4000).map { $0 % 4 == 0 ? -2.0 : 2.0 }, [Bool](repeating: true, count: 4000))
        let found = RewardCalibration(logits: logits, outcomes: outcomes, hasIntercept: false)
        #expect(found.intercept == 0)
        #expect(abs(1 / (1 + exp(-2 * found.slope)) - 0.75) < 1e-3)
    }

    @Test func `what is always right has a bound, and what is always wrong keeps its order`() {
        let right = RewardCalibration(logits: [1, 2, 3], outcomes: [true, true, true], hasIntercept: false)
        #expect(right.slope > 0.1 && right.slope < 10)
        let wrong = RewardCalibration(logits: [-1, -2, -3], outcomes: [true, true, true], hasIntercept: false)
        #expect(wrong.slope == 0.01)
    }
}
