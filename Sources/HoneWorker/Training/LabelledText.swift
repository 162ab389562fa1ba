import HoneFeedback
import HoneModel
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
