import HoneProblems
import HoneTraining

/// Problems in three levels of which the last is the hard one that an arm of `curriculum` is measured on.
enum CurriculumTask: String, CaseIterable, Sendable {
    /// Short stories of two operations on one-digit numbers; the same as expressions; single operations.
    case words
    /// Longer stories in ten wordings, on digits up to 6, with a sentence that does not matter; else the same.
    case reading
    /// `(a+b)*c+d` of one-digit numbers; its parts; its operations.
    case chain
    /// The same, the answer alone.
    case chainAnswer = "chain-answer"
    /// A sum of four of six letters that have a digit each; of two; one letter, or one operation on digits.
    case letters
    /// The value of a letter that takes three assignments, in any order among others; one; none.
    case assignments
    /// The generator's stories; its calculations of several steps and equations; its single operations.
    case stories

    static let levels = [1, 2, 3]
    static let hardLevel = 3

    var text: String {
        switch self {
        case .words: "short stories of two operations, with their steps"
        case .reading: "stories in ten wordings with a needless sentence, with their steps"
        case .chain: "(a+b)*c+d, with its steps"
        case .chainAnswer: "(a+b)*c+d, the answer alone"
        case .letters: "a sum of four letters of given digits, with its steps"
        case .assignments: "a value behind three assignments, with its steps"
        case .stories: "the generator's stories, with their steps"
        }
    }

    /// Examples of one level; hard ones of the two splits share no question.
    func examples(level: Int, count: Int, split: ProblemSplit, seed: UInt64) throws -> [TrainingExample] {
        if self == .stories {
            guard let kind = ProblemLevel(rawValue: level) else { preconditionFailure("there is no level \(level)") }
            let generator = ProblemGenerator(seed: seed, level: kind)
            return (0..<UInt64(count)).map { index in
                let problem = generator.problem(at: index, split: split)
                return TrainingExample(prompt: problem.prompt + "\n", completion: problem.completion, level: level)
            }
        }
        var random = RandomSource(words: seed, UInt64(level), split == .train ? 0 : 1)
        var examples: [TrainingExample] = []
        while examples.count < count {
            let draft = draft(level: level, &random)
            let isHeldOut = stableHash(of: draft.question) % 5 == 0
            guard level < Self.hardLevel || isHeldOut == (split != .train) else { continue }
            examples.append(TrainingExample(prompt: draft.prompt + "\n", completion: draft.completion, level: level))
        }
        return examples
    }

    private func draft(level: Int, _ random: inout RandomSource) -> CurriculumDraft {
        switch self {
        case .words: .words(level: level, &random)
        case .reading: .reading(level: level, &random)
        case .chain: .chain(level: level, &random)
        case .chainAnswer: CurriculumDraft.chain(level: level, &random).answerAlone
        case .letters: .letters(level: level, &random)
        case .assignments: .assignments(hops: [0, 1, 3][level - 1], &random)
        case .stories: preconditionFailure("stories come from the generator")
        }
    }
}
