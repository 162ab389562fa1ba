import ArgumentParser
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
        var (training, heldOut, seen): ([Problem], [Problem], Set<String>) = ([], [], [])
        var drawn = 0
        while training.count < sizes.problemCount || heldOut.count < sizes.heldOutCount {
            drawn += 1
            guard drawn < 2_000_000 else {
                throw ValidationError(
                    "there are only \(training.count) problems to learn from and \(heldOut.count) to hold out; ask "
                        + "for fewer")
            }
            let problem = Self.sum(Self.numbers(&random))
            guard seen.insert(problem.prompt).inserted else { continue }
            switch problem.split {
            case .train where training.count < sizes.problemCount: training.append(problem)
            case .test where heldOut.count < sizes.heldOutCount: heldOut.append(problem)
            default: break
            }
        }
        supervised = training.prefix(sizes.supervisedCount).map { Self.shown($0, seed: seed) }
        labelled = Array(training.suffix(sizes.labelledCount))
        prompts = training
        self.heldOut = heldOut
    }

    private static func numbers(_ random: inout RandomSource) -> [Int] {
        [random.integer(10...69)] + (0..<random.integer(2...3)).map { _ in random.integer(1...9) }
    }

    /// Of 100 sums of three numbers, and of four, so many are shown by people who estimate.
    private static func estimatedShare(_ numberCount: Int) -> UInt64 { numberCount == 3 ? 30 : 65 }

    private static func shown(_ problem: Problem, seed: UInt64) -> Problem {
        let numbers = problem.canonicalForm.split(separator: "+").compactMap { Int($0) }
        let draw = stableHash(of: "\(seed) \(problem.canonicalForm)") % 100
        guard draw < estimatedShare(numbers.count) else { return problem }
        let estimate = sum(numbers.map { $0 / 2 * 2 })
        return Problem(
            level: problem.level, prompt: problem.prompt, steps: estimate.steps, answer: estimate.answer,
            canonicalForm: problem.canonicalForm)
    }

    private static func sum(_ numbers: [Int]) -> Problem {
        var (steps, total) = ([String](), numbers[0])
        for number in numbers.dropFirst() {
            steps.append("\(total)+\(number)=\(total + number)")
            total += number
        }
        let question = numbers.map(String.init).joined(separator: "+")
        return Problem(
            level: .multiStep, prompt: question + "=?", steps: steps, answer: "\(total)", canonicalForm: question)
    }
}
