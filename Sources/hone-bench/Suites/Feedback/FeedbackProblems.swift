import ArgumentParser
import HoneProblems

/// Sums of small numbers, worked out step by step: to learn to answer, to ask the policy about, and to measure on.
///
/// What a reward model can judge must be within what it can compute, and a model of this size computes little. All
/// running totals have two digits, so that a right and a wrong solution look alike. Orders of the same numbers are
/// different questions, all of them on one side of the split.
struct FeedbackProblems {
    let supervised: [Problem]
    /// Whose answers are labelled.
    let labelled: [Problem]
    /// What reinforcement learning draws from, the others among them.
    let prompts: [Problem]
    let heldOut: [Problem]

    init(_ sizes: RLHFSuite.Sizes, seed: UInt64) throws {
        var random = RandomSource(words: seed, 0xFEED)
        var (training, heldOut, seen): ([Problem], [Problem], Set<String>) = ([], [], [])
        var drawn = 0
        while training.count < sizes.problemCount || heldOut.count < sizes.heldOutCount {
            drawn += 1
            guard drawn < 2_000_000 else {
                throw ValidationError(
                    "there are only \(training.count) problems to learn from and \(heldOut.count) to hold out in "
                        + "sums of \(sizes.terms) numbers of \(sizes.smallest) to \(sizes.largest); ask for fewer")
            }
            let terms = (0..<sizes.terms).map { _ in random.integer(sizes.smallest...sizes.largest) }
            let problem = LearningTask.sum(terms)
            guard seen.insert(problem.prompt).inserted else { continue }
            switch problem.split {
            case .train where training.count < sizes.problemCount: training.append(problem)
            case .test where heldOut.count < sizes.heldOutCount: heldOut.append(problem)
            default: break
            }
        }
        supervised = Array(training.prefix(sizes.supervisedCount))
        labelled = Array(training.suffix(sizes.labelledCount))
        prompts = training
        self.heldOut = heldOut
    }
}
