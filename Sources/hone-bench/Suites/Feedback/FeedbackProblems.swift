import HoneProblems

/// Sums of a two-digit number and two or three digits with their running totals, such as `23+4+8=?`, shown by two kinds
/// of people: some work exactly, `23+4=27`, some take the next even number below every odd one, `22+4=26`.
///
/// The policy takes over both habits. One is right and the other is not, both write as much, and a line shows which it
/// is: so annotators judge what a small reward model can see, which it hardly could where only arithmetic decides.
struct FeedbackProblems {
    /// What the policy learns to answer by: about half of it estimated.
    let supervised: [Problem]
    /// Whose answers are labelled.
    let labelled: [Problem]
    /// What reinforcement learning draws from, the others among them; worked exactly, as all but the first.
    let prompts: [Problem]
    let heldOut: [Problem]

    init(_ sizes: RLHFSuite.Sizes, seed: UInt64) throws {
        var random = RandomSource(words: seed, 0xFEED)
        let sums = try DrawnSums(
            trainingCount: sizes.problemCount, heldOutCount: sizes.heldOutCount, random: &random
        ) { random in
            [random.integer(10...69)] + (0..<random.integer(2...3)).map { _ in random.integer(1...9) }
        }
        supervised = sums.training.prefix(sizes.supervisedCount).map { Self.shown($0, seed: seed) }
        labelled = Array(sums.training.suffix(sizes.labelledCount))
        prompts = sums.training
        heldOut = sums.heldOut
    }

    /// Of 100 sums of three numbers, and of four, so many are shown by people who estimate.
    private static func estimatedShare(_ numberCount: Int) -> UInt64 { numberCount == 3 ? 30 : 65 }

    private static func shown(_ problem: Problem, seed: UInt64) -> Problem {
        let draw = stableHash(of: "\(seed) \(problem.prompt)") % 100
        guard draw < estimatedShare(problem.summands.count) else { return problem }
        let estimate = LearningTask.sum(problem.summands.map { $0 / 2 * 2 })
        return Problem(
            level: problem.level, prompt: problem.prompt, steps: estimate.steps, answer: estimate.answer,
            canonicalForm: problem.canonicalForm)
    }
}
