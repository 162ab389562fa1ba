import HoneFeedback
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// Labels as the tokens that a model reads, laid out as it answers.
struct LabelledText: Sendable {
    let tokenizer: ByteTokenizer

    /// Prompt and answer with the end token.
    func tokens(prompt: String, answer: String) -> [Int32] {
        tokenizer.encode(AnswerLayout.steps.prompt(prompt)) + tokenizer.encode(answer) + [tokenizer.endOfTextID]
    }

    /// A vote that says nothing of its strength has no margin; the next stronger has one of 1.
    func pair(_ pair: HoneFeedback.PreferencePair) -> HoneTraining.PreferencePair {
        HoneTraining.PreferencePair(
            chosen: tokens(prompt: pair.prompt, answer: pair.chosen),
            rejected: tokens(prompt: pair.prompt, answer: pair.rejected),
            margin: pair.isTie ? 0 : max(0, pair.margin - 1), isTie: pair.isTie, weight: pair.weight)
    }

    /// For a policy that learns from the pair itself.
    func answerPair(_ pair: HoneFeedback.PreferencePair) -> AnswerPair {
        func answer(_ text: String) -> [Int32] { tokenizer.encode(text) + [tokenizer.endOfTextID] }
        return AnswerPair(
            prompt: tokenizer.encode(AnswerLayout.steps.prompt(pair.prompt)), chosen: answer(pair.chosen),
            rejected: answer(pair.rejected), weight: pair.weight)
    }

    /// The rated steps, each up to the line break that ends it; nil where none of them says anything.
    func steps(_ labels: StepLabels) -> StepExample? {
        var tokens = tokenizer.encode(AnswerLayout.steps.prompt(labels.prompt))
        var places: [StepExample.Label] = []
        for (step, rating) in zip(labels.steps, labels.ratings) {
            tokens += tokenizer.encode(step + "\n")
            if let rating { places.append(StepExample.Label(position: tokens.count - 1, isRight: rating >= 0)) }
        }
        return places.isEmpty ? nil : StepExample(tokens: tokens, labels: places)
    }
}

/// What a reward model learns from and what it is measured on, told apart by the prompts: no prompt is in both.
struct RewardData: Sendable {
    private(set) var training: RewardExamples
    private(set) var heldOut: RewardExamples
    private(set) var droppedCount = 0
    /// Pairs that are there both ways round.
    private(set) var contradictionCount = 0

    /// - Parameters:
    ///   - rows: of a freeze
    ///   - text: lays them out
    ///   - heldOutShare: of prompts
    ///   - contextLength: where longer rows are left out; nil keeps all
    /// - Throws: `TrainingError.noExamples` where one side is left with nothing.
    init(
        _ rows: FreezeSource.Rows, _ text: LabelledText, heldOutShare: Double, contextLength: Int?
    ) throws(TrainingError) {
        func isHeldOut(_ prompt: String) -> Bool { Double(stableHash(of: prompt) % 10_000) < heldOutShare * 10_000 }
        func fits(_ lengths: Int...) -> Bool { contextLength.map { (lengths.max() ?? 0) <= $0 } ?? true }
        let rowCount: Int
        switch rows {
        case .preferences(let all):
            rowCount = all.count
            // Two answers may differ in the database and be the same to a model.
            let pairs = all.map { ($0.prompt, text.pair($0)) }.filter { pair in
                fits(pair.1.chosen.count, pair.1.rejected.count) && (pair.1.isTie || pair.1.chosen != pair.1.rejected)
            }
            training = .pairs(pairs.filter { !isHeldOut($0.0) }.map(\.1))
            heldOut = .pairs(pairs.filter { isHeldOut($0.0) }.map(\.1))
            contradictionCount = Self.contradictions(all)
            droppedCount = rowCount - pairs.count
        case .steps(let all):
            rowCount = all.count
            let examples = all.compactMap { row in text.steps(row).map { (row.prompt, $0) } }
                .filter { fits($0.1.tokens.count) }
            training = .steps(examples.filter { !isHeldOut($0.0) }.map(\.1))
            heldOut = .steps(examples.filter { isHeldOut($0.0) }.map(\.1))
            droppedCount = rowCount - examples.count
        }
        guard training.count > 0, heldOut.count > 0 else {
            throw .noExamples(
                "of \(rowCount) rows \(training.count) are left to learn from and \(heldOut.count) to measure on; "
                    + "label more prompts, or change \"held_out_share\"")
        }
    }

    private static func contradictions(_ pairs: [HoneFeedback.PreferencePair]) -> Int {
        struct Direction: Hashable {
            let prompt: String
            let better: String
            let worse: String
        }
        let decided = pairs.filter { !$0.isTie }
        let said = Set(decided.map { Direction(prompt: $0.prompt, better: $0.chosen, worse: $0.rejected) })
        return decided.count {
            said.contains(Direction(prompt: $0.prompt, better: $0.rejected, worse: $0.chosen))
        }
    }

    /// What is worth a look.
    var warnings: [String] {
        guard contradictionCount > 0 else { return [] }
        return [
            "\(contradictionCount) pairs are contradicted by another label of the same answers; both are learnt from"
        ]
    }
}
