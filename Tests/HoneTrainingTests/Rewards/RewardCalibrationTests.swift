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
        let found = RewardCalibration(logits: logits, outcomes: outcomes)
        #expect(abs(found.slope - slope) < 0.02)
        #expect(abs(found.intercept - intercept) < 0.02)
    }

    private struct Fixture: Decodable {
        struct Case: Decodable {
            let differences: [Double]
            let expected: [String: Double]
        }

        let cases: [Case]
    }

    @Test func `temperatures and flip rates are those of the greatest likelihood, as PyTorch finds it`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/training/calibration.json")
        for known in try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: file)).cases {
            let found = RewardCalibration(differences: known.differences)
            #expect(abs(found.slope - (try #require(known.expected["slope"]))) < 1e-4)
            #expect(abs(found.flipRate - (try #require(known.expected["flip_rate"]))) < 1e-5)
        }
    }

    @Test func `one distance has a temperature alone`() {
        // Three of four are ordered as the label says: a flip rate would say nothing that the temperature does not.
        let found = RewardCalibration(differences: (0..<4000).map { $0 % 4 == 0 ? -2.0 : 2.0 })
        #expect(found.intercept == 0)
        #expect(found.flipRate == 0)
        #expect(abs(1 / (1 + exp(-2 * found.slope)) - 0.75) < 1e-3)
    }

    @Test func `labels that are wrong at any distance do not make the model doubt`() {
        // Six of forty say the opposite, as many of the near as of the far.
        let found = RewardCalibration(
            differences: (0..<800).map { number in
                let distance = Double(number % 10 + 1)
                return number / 10 % 20 < 3 ? -distance : distance
            })
        #expect(abs(found.flipRate - 0.15) < 1e-3)
        #expect(found.slope > 2)
        #expect(abs(found.agreement(1) - 0.85) < 1e-3)
        #expect(found.agreement(0.5) == 0.5)
    }

    @Test func `what is always right has a bound, and what is always wrong keeps its order`() {
        let right = RewardCalibration(differences: [1, 2, 3])
        #expect(right.slope > 0.1 && right.slope < 10)
        #expect(RewardCalibration(differences: [-1, -2, -3]).slope == 0.01)
        #expect(RewardCalibration(differences: []).slope == 1)
    }

    @Test func `a checkpoint from before flip rates is read`() throws {
        let old = try JSONDecoder().decode(RewardCalibration.self, from: Data(#"{"slope": 2, "intercept": 0}"#.utf8))
        #expect(old.flipRate == 0)
    }

    @Test func `beside a calibration error stands what chance alone would make of it`() {
        // A hundred bets at 80 %, of which 76 come about: four off, where √(2/π · 100 · 0.8 · 0.2) are usual.
        let evaluation = RewardEvaluation(
            predictions: (0..<100).map { (probability: 0.8, isSo: $0 < 76) }, scores: [], lengths: [])
        #expect(abs(evaluation.calibrationError - 0.04) < 1e-12)
        #expect(abs(evaluation.calibrationNoise - 0.031915382432114615) < 1e-12)
        #expect(evaluation.metrics["calibration_noise"] == evaluation.calibrationNoise)
    }
}
