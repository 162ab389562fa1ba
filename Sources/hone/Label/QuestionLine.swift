import Foundation
import HoneDatasets
import HoneFeedback
import HonePostgres

/// A slot and its question, as `--json` prints it.
struct QuestionLine: Encodable {
    let job: Int64
    let fence: Int64
    let task: Int64
    let kind: LabelKind
    let question: JSONValue
    let leaseUntil: Date

    init(_ question: LabelQuestion) throws {
        job = question.slot.job
        fence = question.slot.fence
        task = question.task
        kind = question.kind
        self.question = try question.json.decode(JSONValue.self)
        leaseUntil = question.leaseUntil
    }
}

/// A label that was recorded, as `--json` prints it.
struct SubmittedLine: Encodable {
    let label: Int64
    let job: Int64
}

/// What became of a slot without a label.
struct SlotLine: Encodable {
    let job: Int64
    let skipped: Bool
}

extension LabelQuestion {
    /// For people: what is asked, without what a terminal would take for commands.
    var text: String {
        var parts = ["\(kind.title)\n\n\(prompt.shown)"]
        if let reference { parts.append("Right answer: \(reference.shown)") }
        switch kind {
        case .preference:
            for (side, answer) in zip(["◀ LEFT", "RIGHT ▶"], answers) {
                parts.append("── \(side)\n\(answer.text.shown)")
            }
        case .steps:
            let steps = answers.first?.steps ?? []
            parts.append(steps.enumerated().map { "\($0 + 1). \($1.shown)" }.joined(separator: "\n"))
        case .rating, .correction:
            parts.append("── ANSWER\n\(answers.first?.text.shown ?? "")")
        }
        return parts.joined(separator: "\n\n")
    }
}

extension LabelKind {
    fileprivate var title: String {
        switch self {
        case .preference: "Which answer is better?"
        case .steps: "Is each step right?"
        case .rating: "How good is the answer, from 1 to 5?"
        case .correction: "How should the answer have been?"
        }
    }
}

extension String {
    /// With control characters, which could steer a terminal, made visible.
    var shown: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t"
                    return isControl || (0x7F...0x9F).contains(scalar.value) ? "\u{FFFD}" : scalar
                }))
    }
}
