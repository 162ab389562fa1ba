import Foundation
import HoneFeedback

/// What the labelling loop shows: pages on a terminal, plain text elsewhere, or JSON lines.
struct LabelScreen {
    private let console: Console
    /// Whether each question has the screen to itself.
    private let isPaged = Keyboard.isTerminal && isatty(STDOUT_FILENO) == 1

    init(_ console: Console) {
        self.console = console
    }

    func show(_ question: LabelQuestion, state: String) throws {
        let page = [
            isPaged ? "\u{1B}[2J\u{1B}[H" : "", "[\(state)]  ", question.text, "\n\n", LabelKeys.line(question.kind),
        ]
        try console.emit(QuestionLine(question), text: page.joined())
        flush()
    }

    func recorded(_ label: Int64, for question: LabelQuestion) throws {
        try console.emit(SubmittedLine(label: label, job: question.slot.job), text: "✓ label \(label)")
        flush()
    }

    func skipped(_ question: LabelQuestion) throws {
        try console.emit(SlotLine(job: question.slot.job, skipped: true), text: "skipped")
        flush()
    }

    /// The rating of a step, beside its number.
    func step(_ index: Int, of count: Int, rated rating: Int?) {
        let sign = rating.map { $0 > 0 ? "+" : $0 < 0 ? "-" : "0" } ?? "not sure"
        say("step \(index + 1) of \(count): \(sign)")
    }

    /// For people only.
    func say(_ text: String) {
        console.note(text)
    }

    private func flush() {
        fflush(nil)
    }
}
