import HoneDatasets

/// A label as `hone label export` writes it.
struct ExportedRow: LabelRow {
    private let imported: ImportedLabel

    private enum CodingKeys: String, CodingKey {
        case kind, source, labeller, prompt, reference, answers, judgement, at
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(LabelKind.self, forKey: .kind)
        imported = ImportedLabel(
            kind: kind, source: try container.decode(LabelSource.self, forKey: .source),
            labeller: try container.decode(String.self, forKey: .labeller),
            prompt: try container.decode(String.self, forKey: .prompt),
            reference: try container.decodeIfPresent(String.self, forKey: .reference),
            answers: try container.decode([LabelQuestion.Answer].self, forKey: .answers),
            judgement: try Judgement(from: container.superDecoder(forKey: .judgement), kind: kind),
            at: try container.decodeIfPresent([String: JSONValue].self, forKey: .at) ?? [:])
    }

    func labels() throws(LabelRowFault) -> [ImportedLabel] {
        let wanted = imported.kind == .preference ? 2 : 1
        guard imported.answers.count == wanted else {
            throw LabelRowFault("a \(imported.kind) label is about \(wanted) answers, not \(imported.answers.count)")
        }
        if case .steps(let ratings) = imported.judgement, ratings.count > imported.answers[0].steps.count {
            throw LabelRowFault("\(ratings.count) ratings for \(imported.answers[0].steps.count) steps")
        }
        return [imported]
    }
}
