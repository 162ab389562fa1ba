import Foundation
import Testing

/// The short forms of `hone-bench survival`, with real processes.
@Suite(.serialized) struct SurvivalTests {
    private struct Kills: Decodable {
        let kills: [String: Int]
        let jobs: [String: Int]
        let faults: [String]
    }

    private struct Damage: Decodable {
        let cases: [String: Int]
        let loaded: Int
        let lost: Int
    }

    private func measure<Outcome: Decodable>(_ arguments: [String]) async throws -> Outcome {
        let bench = try WorkerProcess(["survival"] + arguments, program: "hone-bench", environment: [:])
        let printed = await bench.printed
        #expect(await bench.status == 0, "\(printed)\(bench.complaints)")
        let last = try #require(printed.split(separator: "\n").last, "\(bench.complaints)")
        return try JSONDecoder().decode(Outcome.self, from: Data(last.utf8))
    }

    @Test(.timeLimit(.minutes(5))) func trainingsThatAreKilledEndWithTheBitsOfUndisturbedOnes() async throws {
        let outcome: Kills = try await measure(["kills", "--count", "5", "--per-job", "1"])
        #expect(outcome.faults.isEmpty)
        #expect(
            outcome.jobs.keys.sorted() == ["train.dpo", "train.ppo", "train.ppo.fleet", "train.reward", "train.sft"])
        #expect(outcome.kills["random"] == 5)
        #expect(try #require(outcome.kills["last_step"]) >= 2 && #require(outcome.kills["commit"]) >= 2)
    }

    @Test(.timeLimit(.minutes(2))) func aDamagedCheckpointNeverLoadsAndTheOneBeforeAlwaysDoes() async throws {
        let outcome: Damage = try await measure(["damage", "--cases", "500"])
        #expect(outcome.loaded == 0 && outcome.lost == 0)
        #expect(outcome.cases.values.reduce(0, +) == 500)
        #expect(outcome.cases.keys.sorted() == ["exchanged", "flipped", "missing", "outdated", "torn"])
    }
}
