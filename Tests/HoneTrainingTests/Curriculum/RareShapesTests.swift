import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneTraining

@Suite struct RareShapesTests {
    /// 64 examples of one shape, 16 of another, 4 of a third and 1 of a fourth.
    private static let counts = [64, 16, 4, 1]
    private let set: TrainingSet

    init() throws {
        let examples = Self.counts.enumerated().flatMap { shape, count in
            (0..<count).map { TrainingExample(prompt: "\(shape)q\($0)", completion: "1", shape: "s\(shape)") }
        }
        set = try TrainingSet(examples, tokenizer: Fixture.tokenizer, maximumLength: 100)
    }

    /// How often examples of each shape are there, and the least and the most that one is.
    private func drawn(_ settings: RareShapes, seed: UInt64 = 1) -> [(total: Int, least: Int, most: Int)] {
        let members = settings.repeated(Array(0..<85), of: set, seed: seed)
        let times = Dictionary(members.map { ($0, 1) }, uniquingKeysWith: +)
        return Self.counts.indices.map { shape in
            let own = (0..<Int32(85)).filter { set.entries[Int($0)].shape == Int32(shape) }.map { times[$0] ?? 0 }
            return (own.reduce(0, +), own.min() ?? 0, own.max() ?? 0)
        }
    }

    @Test func aShapesChanceGoesWithThePowerOfItsCountAndTheCommonestIsAsItWas() {
        let half = drawn(RareShapes())
        #expect(half.map(\.total) == [64, 32, 16, 8])
        var whole = RareShapes()
        whole.exponent = 1
        whole.mostCopies = 64
        #expect(drawn(whole).map(\.total) == [64, 64, 64, 64])
    }

    @Test func noExampleIsThereMoreOftenThanTheBoundAndNoneIsLeftOut() {
        var bounded = RareShapes()
        bounded.exponent = 1
        bounded.mostCopies = 3
        let drawn = drawn(bounded)
        #expect(drawn.map(\.total) == [64, 48, 12, 3])
        #expect(drawn.map(\.most) == [1, 3, 3, 3])
        #expect(drawn.map(\.least) == [1, 3, 3, 3])
    }

    @Test func aBrokenNumberOfCopiesIsMetByGivingSomeExamplesOneMore() {
        var third = RareShapes()
        third.exponent = 0.25
        // 64/16 to the power of a quarter is 1.41, of 16 examples 22.6.
        let drawn = drawn(third)
        #expect(drawn[1].total == 23)
        #expect(drawn[1].least == 1 && drawn[1].most == 2)
        let members = third.repeated(Array(0..<85), of: set, seed: 1)
        #expect(members == third.repeated(Array(0..<85), of: set, seed: 1))
        #expect(members != third.repeated(Array(0..<85), of: set, seed: 2))
    }

    @Test func aRunSeesTheCopiesAndTheShapesArePartOfItsDataHash() throws {
        var configuration = Fixture.configuration(steps: 4)
        let plain = try Curriculum(configuration, set: set)
        configuration.rareShapes = RareShapes()
        var curriculum = try Curriculum(configuration, set: set)
        let seen = (0..<200).flatMap { curriculum.batch(atStep: $0) }
        func share(_ shape: Int32, in examples: [Int32]) -> Double {
            Double(examples.count { set.entries[Int($0)].shape == shape }) / Double(examples.count)
        }
        var asTheyCome = plain
        let before = (0..<200).flatMap { asTheyCome.batch(atStep: $0) }
        #expect(abs(share(3, in: seen) - 8.0 / 120) < 0.02)
        #expect(abs(share(3, in: before) - 1.0 / 85) < 0.01)
        let unnamed = try TrainingSet(
            (0..<3).map { TrainingExample(prompt: "q\($0)", completion: "1") }, tokenizer: Fixture.tokenizer,
            maximumLength: 100)
        let named = try TrainingSet(
            (0..<3).map { TrainingExample(prompt: "q\($0)", completion: "1", shape: "s") },
            tokenizer: Fixture.tokenizer, maximumLength: 100)
        #expect(unnamed.hash != named.hash)
    }

    @Test func settingsThatCannotBeMeantAreRefusedByName() throws {
        var configuration = Fixture.configuration(steps: 4)
        for (exponent, copies, key) in [(0, 8, "exponent"), (1.5, 8, "exponent"), (0.5, 1, "most_copies")] {
            configuration.rareShapes = RareShapes()
            configuration.rareShapes?.exponent = exponent
            configuration.rareShapes?.mostCopies = copies
            #expect { try configuration.validate() } throws: { "\($0)".contains("rare_shapes.\(key)") }
        }
    }
}
