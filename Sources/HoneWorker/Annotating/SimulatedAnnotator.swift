import HoneFeedback
import HoneProblems

/// Judges by a known utility and errs at a known rate, so that what is learned from its labels can be measured.
///
/// A judgement depends on the seed and the task alone, not on the order in which tasks come.
struct SimulatedAnnotator: Sendable {
    let utility: AnswerUtility
    let flipRate: Double
    let seed: UInt64
    private let checker = SolutionChecker()

    init(utility: AnswerUtility, flipRate: Double, seed: UInt64) {
        self.utility = utility
        self.flipRate = flipRate
        self.seed = seed
    }

    /// - Returns: nil for a correction, which it cannot write.
    func judge(_ question: LabelQuestion) -> Judgement? {
        var random = RandomSource(words: seed, UInt64(bitPattern: question.task))
        switch question.kind {
        case .preference: return preference(question, &random)
        case .steps: return steps(question, &random)
        case .rating: return rating(question, &random)
        case .correction: return nil
        }
    }

    private func preference(_ question: LabelQuestion, _ random: inout RandomSource) -> Judgement {
        let values = question.answers.map { value(of: $0, question) }
        let isFlipped = random.unit() < flipRate
        if values[0] == values[1] { return .preference(.tie, strength: nil) }
        return .preference((values[0] > values[1]) != isFlipped ? .left : .right, strength: nil)
    }

    private func steps(_ question: LabelQuestion, _ random: inout RandomSource) -> Judgement {
        let verdicts = checker.check(
            question.answers[0].steps.joined(separator: "\n"), prompt: question.prompt,
            reference: question.reference ?? "")
        let statuses = Dictionary(verdicts.steps.map { ($0.text, $0.status) }) { first, _ in first }
        var ratings: [Int?] = []
        for step in question.answers[0].steps {
            let rating: Int =
                switch statuses[step] {
                case .valid: 1
                case .invalid: -1
                case .unparsable, nil: 0
                }
            ratings.append(random.unit() < flipRate ? (rating == 0 ? 0 : -rating) : rating)
            if ratings.last == -1 { break }
        }
        return .steps(ratings)
    }

    private func rating(_ question: LabelQuestion, _ random: inout RandomSource) -> Judgement {
        let share = utility.best > 0 ? value(of: question.answers[0], question) / utility.best : 0
        let rating = 1 + Int((min(max(share, 0), 1) * 4).rounded())
        return .rating(random.unit() < flipRate ? 6 - rating : rating)
    }

    /// What an answer is worth to it.
    func value(of answer: LabelQuestion.Answer, _ question: LabelQuestion) -> Double {
        utility.value(of: answer.text, prompt: question.prompt, reference: question.reference)
    }
}
