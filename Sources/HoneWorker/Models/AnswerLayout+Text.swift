import HoneCatalog
import HoneDatasets
import HoneModel
import HoneProblems

/// How a problem is laid out. Training and answering must lay it out alike.
extension AnswerLayout {
    /// The prompt on lines of its own, by its numbers or by letters in their place.
    func prompt(_ text: String) -> String {
        switch self {
        case .steps: text + "\n"
        case .equation: SlottedProblem(prompt: text).prompt
        case .text, .chat: text
        }
    }

    /// What the model is to write: one step per line and `#### answer`, or one equation; nil where the example's steps
    /// do not form one.
    func completion(of example: CutExample) -> String? {
        switch self {
        case .steps, .text, .chat: StepGrammar.completion(steps: example.steps, answer: example.answer)
        case .equation:
            SlottedProblem.completion(
                of: Example(prompt: example.prompt, answer: example.answer, steps: example.steps))
        }
    }

    /// What the model wrote as steps and an answer; as it is where it says neither.
    func solution(_ written: String, of prompt: String) -> String {
        switch self {
        case .steps, .text, .chat: written
        case .equation: SlottedProblem(prompt: prompt).solution(written) ?? written
        }
    }
}
