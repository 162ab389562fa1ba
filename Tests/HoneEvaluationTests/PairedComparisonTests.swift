import HoneEvaluation
import Testing

@Suite struct ProportionTests {
    @Test func theIntervalAgreesWithPublishedValues() {
        // Newcombe 1998 (Statistics in Medicine 17:857), table I, method 3.
        let first = Proportion(successCount: 81, count: 263)
        #expect(abs(first.lower - 0.2553) < 5e-5 && abs(first.upper - 0.3662) < 5e-5)
        let second = Proportion(successCount: 15, count: 148)
        #expect(abs(second.lower - 0.0624) < 5e-5 && abs(second.upper - 0.1605) < 5e-5)
        let none = Proportion(successCount: 0, count: 20)
        #expect(none.lower == 0 && abs(none.upper - 0.1611) < 5e-5)
        let all = Proportion(successCount: 29, count: 29)
        #expect(abs(all.lower - 0.8830) < 5e-5 && all.upper == 1)
    }

    @Test func nothingCountedMeansNothingKnown() {
        let empty = Proportion(successCount: 0, count: 0)
        #expect(empty.value == 0 && empty.lower == 0 && empty.upper == 1)
    }
}

@Suite struct PairedComparisonTests {
    @Test func onlyExamplesOfBothSidesAreCompared() {
        let comparison = PairedComparison(
            candidate: ["a": true, "b": true, "c": false, "x": true],
            baseline: ["a": true, "b": false, "c": true, "y": false])
        #expect(comparison.count == 3)
        #expect(comparison.gainedCount == 1 && comparison.lostCount == 1)
        #expect(comparison.difference == 0)
    }

    @Test func theExactTestAgreesWithTheBinomialTable() {
        // P(X <= 2 | 10, 1/2) = 56/1024, twice that.
        let comparison = PairedComparison(both: 5, gained: 8, lost: 2, neither: 5)
        #expect(abs(comparison.pValue - 112.0 / 1024) < 1e-12)
        #expect(PairedComparison(both: 3, gained: 0, lost: 0, neither: 1).pValue == 1)
    }

    @Test func swappingTheSidesMirrorsTheInterval() {
        let forward = PairedComparison(both: 60, gained: 12, lost: 5, neither: 23)
        let backward = PairedComparison(both: 60, gained: 5, lost: 12, neither: 23)
        #expect(abs(forward.lower + backward.upper) < 1e-12)
        #expect(abs(forward.upper + backward.lower) < 1e-12)
        #expect(forward.pValue == backward.pValue)
    }

    @Test func twoModelsThatNeverDisagreeAreStillUncertain() {
        let comparison = PairedComparison(both: 90, gained: 0, lost: 0, neither: 10)
        #expect(comparison.difference == 0)
        #expect(comparison.lower < -0.005 && comparison.upper > 0.005)
    }

    @Test func theIntervalCoversTheTruthNineteenTimesInTwenty() {
        var random = TestRandom(state: 5)
        let shares = (both: 0.70, gained: 0.09, lost: 0.05)
        var coveredCount = 0
        for _ in 0..<2000 {
            var (both, gained, lost) = (0, 0, 0)
            for _ in 0..<200 {
                let u = Double.random(in: 0..<1, using: &random)
                if u < shares.both {
                    both += 1
                } else if u < shares.both + shares.gained {
                    gained += 1
                } else if u < shares.both + shares.gained + shares.lost {
                    lost += 1
                }
            }
            let comparison = PairedComparison(
                both: both, gained: gained, lost: lost, neither: 200 - both - gained - lost)
            if (comparison.lower...comparison.upper).contains(0.04) { coveredCount += 1 }
        }
        #expect((0.935...0.985).contains(Double(coveredCount) / 2000))
    }
}

struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// Values of `Tests/Oracles/paired_intervals.py`, which maximizes the constrained likelihood numerically.
@Suite struct PairedScoreBoundTests {
    @Test(arguments: [
        (12, 5, 100, -0.011863210, 0.157415606),
        (0, 0, 100, -0.036993498, 0.036993498),
        (0, 5, 50, -0.213602314, -0.021517641),
        (5, 0, 50, 0.021517641, 0.213602314),
        (1, 9, 10, -0.964247574, -0.191699946),
        (10, 0, 10, 0.444934400, 1.000000000),
        (0, 120, 8000, -0.017905879, -0.012559675),
        (400, 320, 8000, 0.003434869, 0.016603858),
        (311, 489, 8000, -0.029212570, -0.015362215),
        (2, 3, 1400, -0.005009913, 0.003275105),
    ])
    func theIntervalAgreesWithTheOracle(gained: Int, lost: Int, count: Int, lower: Double, upper: Double) {
        let comparison = PairedComparison(both: count - gained - lost, gained: gained, lost: lost, neither: 0)
        #expect(abs(comparison.lower - lower) < 1e-7 && abs(comparison.upper - upper) < 1e-7)
    }

    @Test func theIntervalDoesNotDependOnTheExamplesWhereBothDoAlike() {
        let right = PairedComparison(both: 80, gained: 12, lost: 8, neither: 0)
        let wrong = PairedComparison(both: 0, gained: 12, lost: 8, neither: 80)
        #expect(right.lower == wrong.lower && right.upper == wrong.upper)
    }

    @Test func nothingComparedShowsNothing() {
        let nothing = PairedComparison(both: 0, gained: 0, lost: 0, neither: 0)
        #expect(!nothing.isImprovement && !nothing.showsLossBelow(0.5))
    }

    /// The one-sided error at the margin itself, where a gate is most easily fooled.
    @Test func aLossOfTheMarginIsLetThroughAtMostThreeTimesInAHundred() {
        var random = TestRandom(state: 11)
        var passedCount = 0
        for _ in 0..<4000 {
            var (gained, lost) = (0, 0)
            for _ in 0..<400 {
                switch Double.random(in: 0..<1, using: &random) {
                case ..<0.02: gained += 1
                case ..<0.07: lost += 1
                default: break
                }
            }
            let comparison = PairedComparison(both: 400 - gained - lost, gained: gained, lost: lost, neither: 0)
            if comparison.showsLossBelow(0.03) { passedCount += 1 }
        }
        #expect((40...140).contains(passedCount), "\(passedCount) of 4000")
    }
}
