import Foundation
import Testing

@testable import HoneTraining

@Suite struct RecordedStepTests {
    /// A number that a trainer begins to report is not to be missing from the record.
    @Test func everyNumberOfAReportGoesOnRecord() throws {
        func numberCount(_ report: some Encodable) throws -> Int {
            let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
            return try #require(encoded).count - 2  // without step and steps
        }
        var policy = PPOStepReport(step: 7, steps: 9)
        policy.score = 0.5
        policy.endedEarly = true
        #expect(policy.metrics.count == (try numberCount(policy)))
        #expect(policy.metrics["reward"] == 0.5 && policy.metrics["ended_early"] == 1)
        let reward = RewardStepReport(
            step: 1, steps: 2, loss: 3, gradNorm: 4, learningRate: 5, examples: 6, tokens: 7, evaluation: nil)
        #expect(reward.metrics.count == (try numberCount(reward)))
    }
}
