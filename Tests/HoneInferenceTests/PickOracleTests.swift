import Foundation
import HoneTensor
import SeededRandom
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
        let bias: [[Float]]
        let output: [Int32]
        let allowed: [Int]?
        let uniform: Float
        let token: Int32
        let log_prob: Float
        let drawn_log_prob: Float

        var logits: [Float] {
            (1...UInt64(size)).map { index in
                let hashed = index &* (2 * seed + 1) &* 2_654_435_761 % (1 << 32)
                let v = Double(hashed) / 0x1p31 - 1
                return Float(scale * (v + v * v * v))
            }
        }

        var draw: TokenDraw {
            var parameters = SamplingParameters(temperature: temperature, topK: top_k, topP: top_p, minP: min_p)
            parameters.presencePenalty = presence
            parameters.frequencyPenalty = frequency
            parameters.repetitionPenalty = repetition
            parameters.logitBias = Dictionary(uniqueKeysWithValues: bias.map { (Int32($0[0]), $0[1]) })
            var draw = parameters.draw(ordinal: 0, after: output)
            draw.uniform = uniform
            draw.mask = allowed.map { allowed in
                var mask = [UInt64](repeating: 0, count: (size + 63) / 64)
                for token in allowed { mask[token / 64] |= 1 << UInt64(token % 64) }
                return mask
            }
            return draw
        }
    }

    private func cases() throws -> [Case] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: tests.appending(path: "Fixtures/sampling/picks.json"))
        return try JSONDecoder().decode([Case].self, from: data)
    }

    /// Cases of one size as one batch.
    private func picks(_ cases: [Case]) -> [TokenPick] {
        Tensor(cases.flatMap(\.logits), shape: [cases.count, cases[0].size]).pickTokens(cases.map(\.draw))
    }

    @Test func tokensAndLogProbabilitiesAreThoseOfTheOracle() throws {
        let groups = Dictionary(grouping: try cases(), by: \.size)
        #expect(groups.count == 4)
        for cases in groups.values {
            for (item, pick) in zip(cases, picks(cases)) {
                #expect(pick.token == item.token)
                #expect(abs(pick.logProb - item.log_prob) < 2e-5 * max(1, abs(item.log_prob)))
                #expect(abs(pick.drawnLogProb - item.drawn_log_prob) < 1e-4)
            }
        }
    }

    @Test(arguments: [1, 2]) func aRowHasTheSameBitsAloneAndInABatch(threads: Int) throws {
        let before = Threads.intraOp
        Threads.set(intraOp: threads)
        defer { Threads.set(intraOp: before) }
        for cases in Dictionary(grouping: try cases(), by: \.size).values {
            for (item, pick) in zip(cases, picks(cases)) {
                let alone = picks([item])[0]
                #expect(alone.token == pick.token)
                #expect(alone.logProb.bitPattern == pick.logProb.bitPattern)
                #expect(alone.drawnLogProb.bitPattern == pick.drawnLogProb.bitPattern)
            }
        }
    }

    @Test func logitsThatAreNoNumbersAndEmptyMasksAreSaid() {
        var rows: [[Float]] = (0..<4).map { _ in (0..<70).map { Float($0 % 7) } }
        rows[0][69] = .nan
        rows[1][3] = .infinity
        rows[2] = rows[2].map { _ in -.infinity }
        var draws = [TokenDraw](repeating: TokenDraw(temperature: 1, uniform: 0.5), count: 4)
        draws[3].mask = [0, 0]
        for pick in Tensor(rows.flatMap { $0 }, shape: [4, 70]).pickTokens(draws) {
            #expect(pick.logProb.isNaN && pick.drawnLogProb.isNaN)
        }
    }

    /// With masks of all densities, and bits behind the vocabulary's end.
    @Test(arguments: [1, 64, 70, 1000]) func whatAMaskAllowsIsPickedAsIfThereWereNoOtherTokens(size: Int) {
        var random = SplitMix(seed: UInt64(size))
        for density in [1, 8, 32, 60, 64] {
            let row = (0..<size).map { _ in Float.random(in: -6...6, using: &random) }
            var mask = (0..<(size + 63) / 64).map { word in
                (0..<64).reduce(UInt64(0)) {
                    $0 | (Int.random(in: 0..<64, using: &random) < density && word % 5 != 4 ? 1 << $1 : 0)
                }
            }
            mask[0] |= 1
            let allowed = (0..<size).filter { mask[$0 / 64] >> UInt64($0 % 64) & 1 == 1 }
            for (temperature, topK) in [(Float(0), 0), (1, 0), (0.7, 0), (1.3, 3)] {
                var draw = TokenDraw(temperature: temperature, topK: topK, uniform: 0.6)
                let few = Tensor(allowed.map { row[$0] }, shape: [1, allowed.count]).pickTokens([draw])[0]
                draw.mask = mask
                let masked = Tensor(row, shape: [1, size]).pickTokens([draw])[0]
                #expect(Int(masked.token) == allowed[Int(few.token)], "\(density), \(temperature)")
                #expect(abs(masked.drawnLogProb - few.drawnLogProb) < 1e-5)
            }
        }
    }

    @Test func whatIsAllowedIsDrawnRightlyHoweverUnlikelyItIs() {
        var row = [Float](repeating: -100, count: 200)
        row[7] = 60
        row[199] = -99
        var draw = TokenDraw(temperature: 1, uniform: 0.9)
        draw.mask = [1 << 9, 0, 0, 1 << 7]
        let pick = Tensor(row, shape: [1, 200]).pickTokens([draw])[0]
        #expect(pick.token == 199 && abs(pick.drawnLogProb + log(1 + exp(Float(-1)))) < 1e-6)
        #expect(abs(pick.logProb + 159) < 1e-4)
    }

    @Test func ofEqualTokensTheFirstIsTheLikeliest() {
        let logits = Tensor([Float](repeating: 2, count: 3000), shape: [1, 3000])
        var draw = TokenDraw(temperature: 0, uniform: 0.7)
        #expect(logits.pickTokens([draw])[0].token == 0)
        draw.mask = (0..<47).map { $0 == 20 ? 0b1000 : UInt64(0) }
        #expect(logits.pickTokens([draw])[0].token == 20 * 64 + 3)
        draw = TokenDraw(temperature: 1, topK: 5, uniform: 1)
        let pick = logits.pickTokens([draw])[0]
        #expect(pick.token == 4 && abs(pick.drawnLogProb + log(Float(5))) < 1e-6)
        draw.topK = 0
        draw.topP = 0.01
        #expect(logits.pickTokens([draw])[0].token == 29)
    }
}
