import ArgumentParser
import HoneProblems

/// Digits that are added and taken off with running totals that stay digits, such as `7+2-5-1=?`: to learn to answer,
/// to ask the policy about, and to measure on.
///
/// What a reward model can judge must be within what it can compute, and a model of this size computes little: here
/// a line is right if it is one of some hundred facts and names the right numbers. Every number is one symbol, so that
/// a right and a wrong solution look alike and are equally long.
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
                    "there are only \(training.count) problems to learn from and \(heldOut.count) to hold out with "
                        + "\(sizes.terms) numbers; ask for fewer")
            }
            let problem = Self.problem(numberCount: sizes.terms, &random)
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

    private static func problem(numberCount: Int, _ random: inout RandomSource) -> Problem {
        var total = random.integer(1...9)
        var (question, steps) = ("\(total)", [String]())
        for _ in 1..<numberCount {
            let adds = total == 0 || (total < 9 && random.unit() < 0.5)
            let term = random.integer(1...(adds ? 9 - total : total))
            let change = "\(adds ? "+" : "-")\(term)"
            question += change
            steps.append("\(total)\(change)=\(adds ? total + term : total - term)")
            total += adds ? term : -term
        }
        return Problem(
            level: .multiStep, prompt: question + "=?", steps: steps, answer: "\(total)", canonicalForm: question)
    }
}
