import Foundation
import HoneTensor
import Testing

@testable import HoneInference

/// What `Tests/Oracles/sampling_fixtures.py` worked out in double precision.
@Suite struct PickOracleTests {
    private struct Case: Decodable {
        let size: Int
        let seed: UInt64
        let scale: Double
        let temperature: Double
        let top_k: Int
        let top_p: Double
        let min_p: Double
        let presence: Double
        let frequency: Double
        let repetition: Double
        let bias: [[Double]]
        let prompt: [Int32]
        let output: [Int32]
        let allowed: [Int]?
        let uniform: Float
        let token: Int32
        let log_prob: Float
        let picked_log_prob: Float

        var logits: [Float] {
            (1...UInt64(size)).map { index in
                let hashed = index &* (2 * seed + 1) &* 2_654_435_761 % (1 << 32)
                let v = Double(hashed) / 0x1p31 - 1
                return Float(scale * (v + v * v * v))
            }
        }

        var parameters: SamplingParameters {
            var parameters = SamplingParameters(temperature: temperature, topK: top_k, topP: top_p, minP: min_p)
            parameters.presencePenalty = presence
            parameters.frequencyPenalty = frequency
            parameters.repetitionPenalty = repetition
            parameters.logitBias = Dictionary(uniqueKeysWithValues: bias.map { (Int32($0[0]), $0[1]) })
            return parameters
        }

        var mask: [UInt64] {
            var mask = [UInt64](repeating: allowed == nil ? .max : 0, count: (size + 63) / 64)
            for token in allowed ?? [] { mask[token / 64] |= 1 << UInt64(token % 64) }
            return mask
        }
    }

    private func cases() throws -> [Case] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/sampling/picks.json"))
        return try JSONDecoder().decode([Case].self, from: data)
    }

    /// All cases of one size as one batch.
    private func picks(_ cases: [Case]) -> [TokenPick] {
        var adjustments: [LogitAdjustment] = []
        let choices = cases.enumerated().map { row, item in
            var context = PickContext(item.parameters, prompt: item.prompt)
            for token in item.output { context.append(token) }
            var choice = TokenChoice(temperature: Float(item.temperature), uniform: item.uniform)
            choice.topK = item.top_k
            choice.topP = Float(item.top_p)
            choice.minP = Float(item.min_p)
            choice.adjustments = adjustments.count..<adjustments.count + context.adjustments.count
            choice.mask = row
            adjustments += context.adjustments
            return choice
        }
        let logits_BV = Tensor(cases.flatMap(\.logits), shape: [cases.count, cases[0].size])
        return logits_BV.pickTokens(choices, adjustments: adjustments, masks: cases.flatMap(\.mask))
    }

    @Test func tokensAndLogProbabilitiesAreThoseOfTheOracle() throws {
        let groups = Dictionary(grouping: try cases(), by: \.size)
        #expect(groups.count == 4)
        for cases in groups.values {
            for (item, pick) in zip(cases, picks(cases)) {
                #expect(pick.token == item.token)
                #expect(abs(pick.logProb - item.log_prob) < 2e-5 * max(1, abs(item.log_prob)))
                #expect(abs(pick.pickedLogProb - item.picked_log_prob) < 1e-4)
            }
        }
    }

    @Test(arguments: [1, 2]) func aRowHasTheSameBitsAloneAndInABatch(threads: Int) throws {
        Threads.set(intraOp: threads)
        defer { Threads.set(intraOp: 1) }
        for cases in Dictionary(grouping: try cases(), by: \.size).values {
            for (item, pick) in zip(cases, picks(cases)) {
                let alone = picks([item])[0]
                #expect(alone.token == pick.token)
                #expect(alone.logProb.bitPattern == pick.logProb.bitPattern)
                #expect(alone.pickedLogProb.bitPattern == pick.pickedLogProb.bitPattern)
            }
        }
    }

    @Test func logitsThatAreNoNumbersAndEmptyMasksAreSaid() {
        var rows: [[Float]] = (0..<4).map { _ in (0..<70).map { Float($0 % 7) } }
        rows[0][69] = .nan
        rows[1][3] = .infinity
        rows[2] = rows[2].map { _ in -.infinity }
        var choices = [TokenChoice](repeating: TokenChoice(temperature: 1, uniform: 0.5), count: 4)
        choices[3].mask = 0
        let picks = Tensor(rows.flatMap { $0 }, shape: [4, 70]).pickTokens(choices, masks: [0, 0])
        for pick in picks { #expect(pick.logProb.isNaN && pick.pickedLogProb.isNaN) }
    }

    @Test func ofEqualTokensTheFirstIsTheLikeliest() {
        let logits = Tensor([Float](repeating: 2, count: 3000), shape: [1, 3000])
        var choice = TokenChoice(temperature: 0, uniform: 0.7)
        #expect(logits.pickTokens([choice])[0].token == 0)
        choice.mask = 0
        let mask = (0..<47).map { $0 == 20 ? 0b1000 : UInt64(0) }
        #expect(logits.pickTokens([choice], masks: mask)[0].token == 20 * 64 + 3)
        choice = TokenChoice(temperature: 1, uniform: 1)
        choice.topK = 5
        let pick = logits.pickTokens([choice])[0]
        #expect(pick.token == 4 && abs(pick.pickedLogProb + Float.log(5)) < 1e-6)
        choice.topK = 0
        choice.topP = 0.01
        #expect(logits.pickTokens([choice])[0].token == 29)
    }
}

extension Float {
    fileprivate static func log(_ value: Float) -> Float { Foundation.log(value) }
}
