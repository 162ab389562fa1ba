import HoneDatasets

/// A published label with all that it is about.
struct ImportedLabel: Encodable, Sendable {
    let kind: LabelKind
    let source: LabelSource
    let labeller: String
    let prompt: String
    let reference: String?
    let answers: [LabelQuestion.Answer]
    let judgement: Judgement
    /// Where in the publication it stands, and what that says besides.
    var at: [String: JSONValue] = [:]

    /// What no label may be, whatever the format.
    var fault: String? {
        if prompt.allSatisfy(\.isWhitespace) { return "the question is empty" }
        if answers.contains(where: { $0.text.allSatisfy(\.isWhitespace) }) { return "an answer is empty" }
        let texts = [prompt, reference ?? "", labeller] + answers.flatMap { [$0.text] + $0.steps }
        if texts.contains(where: { $0.utf8.contains(0) }) {
            return "a text holds U+0000, which PostgreSQL cannot keep; take it out"
        }
        if case .preference = judgement, answers.count == 2, answers[0].text == answers[1].text {
            return "both answers are the same"
        }
        return nil
    }
}

/// A row of a file of labels, in the keys of its publisher.
protocol LabelRow: Decodable {
    /// What the row says; none if it says nothing that counts, such as a problem that was given up.
    func labels() throws(LabelRowFault) -> [ImportedLabel]
}

/// What is wrong with a row; the importer adds the file and the line.
struct LabelRowFault: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

extension Judgement {
    /// A preference for one of two answers where the side of the better one is drawn by the texts themselves, so that
    /// it says nothing.
    static func sides(
        better: String, worse: String
    ) -> (answers: [LabelQuestion.Answer], judgement: Judgement) {
        let isFirst = stableHash(of: better) < stableHash(of: worse)
        let answers = (isFirst ? [better, worse] : [worse, better]).map { LabelQuestion.Answer(text: $0) }
        return (answers, .preference(isFirst ? .left : .right, strength: nil))
    }
}

/// FNV-1a.
private func stableHash(of text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
