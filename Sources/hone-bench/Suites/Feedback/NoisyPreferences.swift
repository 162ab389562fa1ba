import HoneInference
import HoneProblems
import HoneTokenizer
import HoneTraining
import HoneWorker

/// Pairs of a policy's answers, labelled by an annotator whose utility is known and who errs at a known rate.
struct NoisyPreferences {
    /// Of different utility; as labelled.
    private(set) var pairs: [PreferencePair] = []
    /// Of each pair: whether the label says the opposite of the utility.
    private(set) var isFlipped: [Bool] = []

    static let utility = AnswerUtility(answer: 0.7, brevity: 0.2, format: 0.1)

    static func value(_ result: GenerationResult, of problem: Problem) -> Double {
        utility.value(of: result.text, prompt: problem.prompt, reference: problem.answer)
    }

    /// - Parameters:
    ///   - problems: what was asked
    ///   - answers: of each problem, several
    ///   - flipRate: the share of labels that are wrong
    ///   - seed: of the errors, and of which answers are compared
    init(_ problems: [Problem], answers: [[GenerationResult]], flipRate: Double, seed: UInt64) {
        var random = RandomSource(words: seed, 0x5EED)
        for (problem, results) in zip(problems, answers) {
            // Each answer with its neighbour: no answer is in more than one pair.
            for left in stride(from: 0, to: results.count - 1, by: 2) {
                let (first, second) = (results[left], results[left + 1])
                let difference = Self.value(first, of: problem) - Self.value(second, of: problem)
                if difference == 0 { continue }
                let flips = random.unit() < flipRate
                let (chosen, rejected) = (difference > 0) != flips ? (first, second) : (second, first)
                pairs.append(
                    PreferencePair(
                        chosen: SupervisedPolicy.row(problem, chosen),
                        rejected: SupervisedPolicy.row(problem, rejected)))
                isFlipped.append(flips)
            }
        }
    }

    /// Share of pairs that a model orders as the utility does.
    func trueAccuracy(_ rewards: (chosen: [Double], rejected: [Double])) -> Double {
        let right = pairs.indices.count { (rewards.chosen[$0] > rewards.rejected[$0]) != isFlipped[$0] }
        return Double(right) / Double(max(1, pairs.count))
    }
}

/// Pairs that a glance tells apart: a worked solution, and the same without its final answer.
enum SeparablePairs {
    static func make(_ problems: [Problem]) -> [PreferencePair] {
        let tokenizer = SupervisedPolicy.tokenizer
        return problems.map { problem in
            func row(_ completion: String) -> [Int32] {
                tokenizer.encode(problem.prompt + "\n" + completion) + [tokenizer.endOfTextID]
            }
            return PreferencePair(
                chosen: row(problem.completion), rejected: row(problem.steps.joined(separator: "\n")))
        }
    }
}
