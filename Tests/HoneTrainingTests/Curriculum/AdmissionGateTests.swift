import Foundation
import Testing

@testable import HoneTraining

@Suite struct AdmissionGateTests {
    private func gate(
        prompts: Int = 100, _ change: (inout AdmissionConfiguration) -> Void = { _ in }
    ) throws -> AdmissionGate {
        var configuration = AdmissionConfiguration()
        change(&configuration)
        return try AdmissionGate(configuration, promptCount: prompts, seed: 3)
    }

    /// Steps of 10 prompts with 8 answers each, of which prompt `n` passes `n` in 100; how often each was asked.
    private func asked(_ gate: inout AdmissionGate, steps: Range<Int>) -> [Int] {
        var counts = [Int](repeating: 0, count: 100)
        for step in steps {
            gate.beginStep(step)
            var admitted = 0
            while let prompts = gate.nextPrompts(admitted: admitted, of: 10) {
                for prompt in prompts {
                    counts[prompt] += 1
                    var random = SplitMix64(seed: UInt64(prompt), stream: UInt64(step))
                    let scores = (0..<8).map { _ in random.next(below: 100) < prompt ? 1.0 : 0 }
                    if gate.admit(prompt, scores: scores) { admitted += 1 }
                }
            }
        }
        return counts
    }

    @Test func promptsOfMiddleDifficultyAreAskedMost() throws {
        var gate = try gate()
        _ = asked(&gate, steps: 0..<50)
        let counts = asked(&gate, steps: 50..<250)
        let (edges, middle) = (counts[..<10] + counts[90...], counts[40..<60])
        #expect(middle.reduce(0, +) > 2 * edges.reduce(0, +))
        #expect(counts.allSatisfy { $0 > 0 }, "what is mastered or out of reach is looked at again")
    }

    @Test func aFloorOfOneAsksAllAlike() throws {
        var gate = try gate {
            $0.floor = 1
            $0.maximumRounds = 1
        }
        let counts = asked(&gate, steps: 0..<400)
        #expect(counts.allSatisfy { (15...70).contains($0) })
    }

    @Test func groupsOfOneScoreAreDroppedAndOthersSampledInTheirPlace() throws {
        var gate = try gate()
        gate.beginStep(0)
        let first = gate.nextPrompts(admitted: 0, of: 4) ?? []
        try #require(first.count == 4)
        let admitted = zip(first, [[1, 1, 1], [0, 0, 0], [0, 1, 0], [0.5, nil, 0.25]]).map {
            gate.admit($0, scores: $1)
        }
        #expect(admitted == [false, false, true, true])
        let second = gate.nextPrompts(admitted: 2, of: 4) ?? []
        #expect(second.count == 2 && Set(second).isDisjoint(with: first))
        let third = gate.nextPrompts(admitted: 4, of: 4)
        #expect(third == nil)
        #expect(gate.state.admittedCount == 2 && gate.state.droppedCount == 2 && gate.state.shortStepCount == 0)
    }

    @Test func aStepEndsAfterItsRoundsOrWhenEveryPromptWasAsked() throws {
        var gate = try gate { $0.maximumRounds = 2 }
        gate.beginStep(0)
        let rounds = (0..<3).map { _ in gate.nextPrompts(admitted: 0, of: 5)?.count }
        #expect(rounds == [5, 5, nil] && gate.state.shortStepCount == 1)
        var small = try self.gate(prompts: 3)
        small.beginStep(0)
        let all = (0..<2).map { _ in small.nextPrompts(admitted: 0, of: 5)?.sorted() }
        #expect(all == [[0, 1, 2], nil])
    }

    @Test func answersThatCouldNotBeJudgedCountNeitherWay() throws {
        var gate = try gate()
        let isAdmitted = gate.admit(7, scores: [nil, nil])
        #expect(!isAdmitted)
        #expect(gate.passRate(of: 7) == 0.5 && gate.state == AdmissionGate.State())
        _ = gate.admit(7, scores: [1, nil, 1])
        #expect(gate.passRate(of: 7) == 0.75)
    }

    @Test func olderAnswersCountLess() throws {
        var gate = try gate { $0.memory = 0.5 }
        _ = gate.admit(0, scores: [0, 0, 0, 0])
        _ = gate.admit(0, scores: [1, 1, 1, 1])
        // Weights 2 and 4: a mean of 4/6; with the prior (4 + 1) / (6 + 2).
        #expect(abs(gate.passRate(of: 0) - 0.625) < 1e-12)
    }

    @Test func withoutDroppingEveryJudgedGroupIsAdmitted() throws {
        var gate = try gate { $0.dropsUniform = false }
        let admitted = [[1, 1], [nil]].enumerated().map { gate.admit($0, scores: $1) }
        #expect(admitted == [true, false])
    }

    @Test func aRestoredGateDrawsTheSamePrompts() throws {
        var whole = try gate()
        _ = asked(&whole, steps: 0..<20)
        let data = try JSONEncoder().encode(whole.state)
        var restored = try gate()
        restored.restore(try JSONDecoder().decode(AdmissionGate.State.self, from: data))
        let (first, second) = (asked(&restored, steps: 20..<40), asked(&whole, steps: 20..<40))
        #expect(first == second)
        #expect(restored.state == whole.state)
    }

    @Test(arguments: [
        ("maximum_rounds", #"{"maximum_rounds": 0}"#), ("memory", #"{"memory": 2}"#), ("floor", #"{"floor": 0}"#),
    ])
    func aSettingThatCannotBeMeantIsRefusedByName(key: String, text: String) throws {
        let configuration = try JSONDecoder().decode(AdmissionConfiguration.self, from: Data(text.utf8))
        let error = #expect(throws: TrainingError.self) {
            try AdmissionGate(configuration, promptCount: 1, seed: 0)
        }
        #expect("\(try #require(error))".contains("\"\(key)\""))
    }
}
