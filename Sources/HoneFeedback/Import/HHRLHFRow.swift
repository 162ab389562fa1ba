import Foundation

/// A row of HH-RLHF: two transcripts `Human: … Assistant: …` that begin alike; a person preferred one.
struct HHRLHFRow: LabelRow {
    private let chosen: String
    private let rejected: String

    private static let turn = "\n\nAssistant:"

    func labels() throws(LabelRowFault) -> [ImportedLabel] {
        guard chosen != rejected else { throw LabelRowFault("\"chosen\" and \"rejected\" are the same") }
        let shared = chosen.commonPrefix(with: rejected)
        guard let turn = shared.range(of: Self.turn, options: .backwards) else {
            throw LabelRowFault("the transcripts do not begin with the same turns up to an \"Assistant:\"")
        }
        let prompt = String(shared[..<turn.upperBound])
        let better = chosen.answer(after: prompt)
        let worse = rejected.answer(after: prompt)
        // 4 of the 2,312 published test rows compare an answer with none: no pair to learn from.
        guard !better.isEmpty, !worse.isEmpty else { return [] }
        let (answers, judgement) = Judgement.sides(better: better, worse: worse)
        return [
            ImportedLabel(
                kind: .preference, source: .person, labeller: "hh-rlhf", prompt: prompt, reference: nil,
                answers: answers, judgement: judgement)
        ]
    }
}

extension String {
    fileprivate func answer(after prompt: String) -> String {
        dropFirst(prompt.count).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
