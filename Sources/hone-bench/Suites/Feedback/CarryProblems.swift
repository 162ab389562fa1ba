import HoneProblems

/// Sums of a two-digit number and six digits with their running totals, such as `27+8+4+9+1+5+6=?`, shown by people who
/// forget every fifth carry: `27+8=25`.
///
/// A right and a wrong line are equally long and of one form, so that arithmetic alone tells them apart. Whoever
/// forgets one carry of several comes to the same answer as who forgets another: where there are many, the majority is
/// wrong.
struct CarryProblems {
    /// What the policy learns to answer by.
    let supervised: [Problem]
    /// The same questions and more, worked exactly: what judges start from.
    let exact: [Problem]
    /// Whose answers are labelled.
    let labelled: [Problem]
    let heldOut: [Problem]

    private static let digitCount = 6
    /// Of 100 carries.
    private static let forgottenShare = 20

    init(_ sizes: RLHFSuite.Sizes, seed: UInt64) throws {
        var random = RandomSource(words: seed, 0xCA44)
        let sums = try DrawnSums(
            trainingCount: sizes.problemCount, heldOutCount: sizes.choosingCount, random: &random
        ) { random in
            [random.integer(10...39)] + (0..<Self.digitCount).map { _ in random.integer(1...9) }
        }
        supervised = sums.training.prefix(sizes.supervisedCount).map { problem in
            problem.worked { total, number in
                let carries = total % 10 + number > 9
                return total + number - (carries && random.integer(0...99) < Self.forgottenShare ? 10 : 0)
            }
        }
        exact = sums.training
        labelled = Array(sums.training.suffix(sizes.stepProblemCount))
        heldOut = sums.heldOut
    }
}
