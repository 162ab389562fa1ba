import Foundation
import Testing

@testable import HoneFeedback

/// Agreement and annotator models against `Tests/Oracles/label_agreement.py`, which computes them by other means.
@Suite struct AgreementOracleTests {
    private struct Oracle: Decodable {
        let full: [[Int]]
        let fleiss: Double
        let fleissInterval: [Double]
        let gaps: [[Int]]
        let alpha: Double
        let alphaInterval: [Double]
        let known: [Int]
        let prior: [Double]
        let confusion: [[[Double]]]
        let posteriors: [[Double]]
    }

    private let oracle: Oracle

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Fixtures/labels/agreement.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        oracle = try decoder.decode(Oracle.self, from: Data(contentsOf: file))
    }

    private func rated(_ tasks: [[Int]]) -> RatedTasks {
        var rated = RatedTasks()
        for labels in tasks {
            rated.add([labels.enumerated().filter { $1 >= 0 }.map { .init(labeller: $0, value: $1) }])
        }
        return rated
    }

    @Test func fleissKappaIsTheOraclesAndItsIntervalToo() throws {
        let found = AgreementEstimates(rated(oracle.full), level: .nominal, labellerCount: 5).fleiss
        #expect(abs(try #require(found.coefficient.value) - oracle.fleiss) < 1e-12)
        try expectClose(found.interval, oracle.fleissInterval)
    }

    @Test func krippendorffsAlphaIsTheOraclesAndItsIntervalToo() throws {
        let found = AgreementEstimates(rated(oracle.gaps), level: .nominal, labellerCount: 5)
        #expect(abs(try #require(found.alpha.coefficient.value) - oracle.alpha) < 1e-12)
        try expectClose(found.alpha.interval, oracle.alphaInterval)
        #expect(found.fleiss.coefficient.value == nil, "units have different numbers of labels")
    }

    /// Two samples of resamples: their ends differ by chance, by about a tenth of the interval's width at most.
    private func expectClose(_ found: ClosedRange<Double>?, _ expected: [Double]) throws {
        let found = try #require(found)
        let tolerance = 0.1 * (expected[1] - expected[0])
        #expect(abs(found.lowerBound - expected[0]) < tolerance, "\(found) beside \(expected)")
        #expect(abs(found.upperBound - expected[1]) < tolerance, "\(found) beside \(expected)")
    }

    @Test func dawidAndSkenesModelIsTheOracles() {
        let units = zip(oracle.gaps, oracle.known).map { labels, known in
            let votes = labels.enumerated().filter { $1 >= 0 }
            return DawidSkene.Unit(
                votes.map { .init(labeller: $0.offset, category: $0.element) }, known: known < 0 ? nil : known)
        }
        let model = DawidSkene(units, labellerCount: 5, categoryCount: 3)
        expectEqual(model.prior, oracle.prior)
        for (found, expected) in zip(model.confusion, oracle.confusion) {
            for (row, expectedRow) in zip(found, expected) { expectEqual(row, expectedRow) }
        }
        for (found, expected) in zip(model.posteriors, oracle.posteriors) { expectEqual(found, expected) }
    }

    private func expectEqual(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(found) is not \(expected)")
    }

    /// Fourteen raters, ten subjects, five categories: the example of the encyclopedias.
    @Test func fleissKappaOfThePublishedTableIsAFifth() throws {
        let table = [
            [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1], [7, 7, 0, 0, 0],
            [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
        ]
        var kappa = FleissKappa()
        for row in table {
            kappa.add(row.enumerated().flatMap { [Double](repeating: Double($0.offset), count: $0.element) })
        }
        #expect(abs(try #require(kappa.coefficient.value) - 0.2099) < 5e-5)
    }

    /// Three who are right nine times of ten, and six who say "first" whatever is shown, on most of the tasks.
    @Test func whoAlwaysSaysTheSameWeighsNothingAndIsOutvotedByAFewWhoKnow() {
        let units = (0..<200).map { task in
            let truth = task % 2
            let experts = (0..<3).map { labeller in
                let isWrong = (task / 2 + 7 * labeller) % 10 == 0
                return DawidSkene.Vote(labeller: labeller, category: isWrong ? 1 - truth : truth)
            }
            return DawidSkene.Unit(experts + (3..<9).map { .init(labeller: $0, category: 0) })
        }
        let model = DawidSkene(units, labellerCount: 9, categoryCount: 2)
        let right = model.posteriors.enumerated().count { ($1[1] > 0.5) == ($0 % 2 == 1) }
        #expect(right >= 190, "\(right) of 200")
        for expert in 0..<3 { #expect(abs(model.reliability(of: expert) - 0.9) < 0.05) }
        for bot in 3..<9 { #expect(abs(model.weight(of: bot, between: 0, and: 1)) < 0.5) }
        #expect((0..<3).allSatisfy { model.weight(of: $0, between: 0, and: 1) > 1.5 })
    }

    @Test func anIntervalIsOfTasksSoThatStepsOfOneTaskCountTogether() throws {
        var steps = RatedTasks()
        for task in 0..<40 {
            let agrees = task % 4 != 0
            steps.add(
                (0..<10).map { step in
                    [.init(labeller: 0, value: step % 2), .init(labeller: 1, value: agrees ? step % 2 : 1 - step % 2)]
                })
        }
        var single = RatedTasks()
        for index in 0..<40 {
            for unit in steps.distinct[Int(steps.tasks[index])] { single.add([unit]) }
        }
        let together = AgreementEstimates(steps, level: .nominal, labellerCount: 2).alpha
        let apart = AgreementEstimates(single, level: .nominal, labellerCount: 2).alpha
        #expect(together.coefficient == apart.coefficient)
        let widths = try [together, apart].map { estimate in
            let interval = try #require(estimate.interval)
            return interval.upperBound - interval.lowerBound
        }
        #expect(widths[0] > 2 * widths[1], "\(widths)")
    }
}
