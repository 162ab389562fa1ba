import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct MemoryPartTests {
    private struct Divergence: Decodable {
        let former: [[Double]]
        let now: [[Double]]
        let value: Double
        let gradient: [[Double]]
    }

    private struct Fisher: Decodable {
        let weights: [[Double]]
        let anchors: [[Double]]
        let information: [[Double]]
        let strength: Double
        let penalty: Double
        let gradient: [[Double]]
    }

    private struct Values: Decodable {
        let divergence: Divergence
        let elastic: Fisher
    }

    private func values() throws -> Values {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/training/memory.json")
        return try JSONDecoder().decode(Values.self, from: Data(contentsOf: file))
    }

    private func tensor(_ rows: [[Double]]) -> Tensor {
        Tensor(rows.flatMap(\.self), shape: [rows.count, rows.first?.count ?? 0])
    }

    @Test func theDivergenceAndItsGradientArePyTorchs() throws {
        let expected = try values().divergence
        let now_NV = tensor(expected.now).requiringGrad()
        let divergence = SelfAnsweredPrompts.divergence(
            of: now_NV.logSoftmax(dim: -1), from: tensor(expected.former).logSoftmax(dim: -1))
        divergence.backward()
        #expect(abs(divergence.item() - expected.value) < 1e-12)
        #expect(try #require(now_NV.grad).allClose(tensor(expected.gradient), rtol: 1e-10, atol: 1e-12))
    }

    @Test func theWeightOfOwnAnswersRisesFromItsShareToTheWholeSlowlyAtFirstAndStaysThere() {
        var settings = MemoryConfiguration.SelfAnswers()
        settings.weight = 4
        settings.initialShare = 1
        #expect((0..<5).allSatisfy { settings.weight(atStep: $0, of: 5) == 4 })
        settings.initialShare = 0.25
        settings.riseShare = 1
        #expect((0..<5).map { settings.weight(atStep: $0, of: 5) } == [1, 1.046875, 1.375, 2.265625, 4])
        settings.riseShare = 0.5
        #expect((0..<5).map { settings.weight(atStep: $0, of: 5) } == [1, 1.375, 4, 4, 4])
        #expect(settings.weight(atStep: 0, of: 1) == 4)
        settings.riseShare = 0
        #expect((0..<5).allSatisfy { settings.weight(atStep: $0, of: 5) == 4 })
    }

    @Test func honeypotsAndTheRestAreDividedByTheSeed() {
        let (held, others) = Honeypots.divide(100, held: 30, seed: 5)
        #expect(held.count == 30 && Set(held).isDisjoint(with: others))
        #expect((held + others).sorted() == Array(0..<100))
        #expect(Honeypots.divide(100, held: 30, seed: 5).held == held)
        #expect(Honeypots.divide(100, held: 30, seed: 6).held != held)
        #expect(Honeypots.divide(10, held: 30, seed: 5).others.count == 1)
    }

    @Test func theElasticPenaltyAndItsGradientArePyTorchs() throws {
        let expected = try values().elastic
        let weights = tensor(expected.weights).requiringGrad()
        weights.grad = weights.detach().zerosLike()
        var settings = MemoryConfiguration.Elastic()
        settings.strength = expected.strength
        let penalty = ElasticPenalty(
            settings, anchors: [tensor(expected.anchors)], information: [tensor(expected.information)])
        #expect(abs(penalty.addGradient(to: [weights]) - expected.penalty) < 1e-12)
        #expect(try #require(weights.grad).allClose(tensor(expected.gradient), rtol: 1e-10, atol: 1e-12))
    }

    /// The square of a mean is another thing than the mean of squares.
    @Test func theInformationIsTheMeanOfSingleSquares() throws {
        let model = CausalLanguageModel(Fixture.modelShape(hiddenSize: 16), generator: Generator(seed: 1))
        let examples = Fixture.sums(3...4)
        let set = try TrainingSet(examples, tokenizer: Fixture.tokenizer, maximumLength: 64)
        let together = ElasticPenalty.information(of: model, set)
        let alone = try examples.map { example in
            ElasticPenalty.information(
                of: model, try TrainingSet([example], tokenizer: Fixture.tokenizer, maximumLength: 64))
        }
        for index in together.indices {
            let mean = Tensor.stack(alone.map { $0[index] }).mean(dim: 0)
            #expect(together[index].allClose(mean, rtol: 1e-5, atol: 1e-9))
        }
        #expect(model.parameters.allSatisfy { $0.grad == nil && !$0.requiresGrad })
    }

    @Test func aReservoirKeepsRareClassesAndIsRepeatable() {
        func kept(seed: UInt64) -> BalancedReservoir<Int> {
            var reservoir = BalancedReservoir<Int>(capacity: 60, seed: seed)
            for number in 0..<5000 {
                reservoir.offer(number, of: number % 500 == 0 ? "rare" : number % 10 == 0 ? "some" : "many")
            }
            return reservoir
        }
        let first = kept(seed: 1)
        #expect(first.counts["rare"] == 10)
        #expect(first.counts["some"] == 25 && first.counts["many"] == 25)
        #expect(first.elements == kept(seed: 1).elements)
        #expect(first.elements != kept(seed: 2).elements)
        #expect(first.elements == first.elements.sorted())
    }

    /// Within the largest class every element is as likely to be kept as another.
    @Test func aReservoirIsFairWithinAClass() {
        var early = 0
        for seed in 0..<400 as Range<UInt64> {
            var reservoir = BalancedReservoir<Int>(capacity: 10, seed: seed)
            for number in 0..<100 { reservoir.offer(number, of: "all") }
            early += reservoir.elements.count { $0 < 50 }
        }
        // 4,000 draws of a half; six standard deviations are 190.
        #expect((1810...2190).contains(early))
    }

    @Test func settingsLeftOutTakeOwnAnswers() throws {
        func decode(_ text: String) throws -> SFTConfiguration {
            try JSONDecoder().decode(SFTConfiguration.self, from: Data(text.utf8))
        }
        #expect(try decode(#"{"steps": 1}"#).memory == nil)
        #expect(try decode(#"{"steps": 1, "memory": {}}"#).memory == MemoryConfiguration())
        let replayed = try decode(
            #"{"steps": 1, "memory": {"self_answers": null, "replay": {"weight": 2}, "averaging": {"decay": 0.9}}}"#)
        #expect(replayed.memory?.selfAnswers == nil && replayed.memory?.replay?.weight == 2)
        let again = try JSONDecoder().decode(SFTConfiguration.self, from: JSONEncoder().encode(replayed))
        #expect(again == replayed)
        for text in [
            #"{"steps": 1, "memory": {"self_answers": null}}"#, #"{"steps": 1, "memory": {"reply": {}}}"#,
            #"{"steps": 1, "memory": {"replay": {"weight": 0}}}"#,
            #"{"steps": 1, "memory": {"averaging": {"decay": 0.9, "share": 0.5}}}"#,
            #"{"steps": 1, "memory": {"averaging": {"share": 1.5}}}"#,
            #"{"steps": 1, "memory": {"elastic": {}}, "adapters": {"rank": 4, "alpha": 8, "rank_stabilized": false}}"#,
        ] {
            #expect(throws: TrainingError.self, "\(text)") { try decode(text).validate() }
        }
    }
}
