import HoneDatasets

/// A row of PRM800K: a solution that a person went through step by step, rating the completions that were on offer.
///
/// It becomes one label for the path that was taken and one for each alternative that was rated, in which only the
/// alternative step has a rating: so no rating counts twice.
struct PRM800KRow: LabelRow {
    private let labeler: String
    private let timestamp: String?
    private let generation: Int?
    private let is_quality_control_question: Bool
    private let is_initial_screening_question: Bool
    private let question: Question
    private let label: Label

    private struct Question: Decodable {
        let problem: String
        let ground_truth_answer: String?
    }

    private struct Label: Decodable {
        let steps: [Step]
        let finish_reason: String?
    }

    private struct Step: Decodable {
        let completions: [Completion]?
        let human_completion: Completion?
        let chosen_completion: Int?
    }

    private struct Completion: Decodable {
        let text: String
        let rating: Int?
    }

    func labels() throws(LabelRowFault) -> [ImportedLabel] {
        var path: [Completion] = []
        var alternatives: [[Completion]] = []
        for (number, step) in label.steps.enumerated() {
            let completions = step.completions ?? []
            for completion in completions where !(-1...1).contains(completion.rating ?? 0) {
                throw LabelRowFault("step \(number + 1) has a rating of \(completion.rating ?? 0), not -1, 0 or 1")
            }
            let taken = try taken(step, completions, number: number)
            for (index, completion) in completions.enumerated() where index != taken.index && completion.rating != nil {
                alternatives.append(path.map { Completion(text: $0.text, rating: nil) } + [completion])
            }
            guard let next = taken.completion else { break }
            path.append(next)
            // Where nothing was chosen and nothing written, the solution ended at an error.
            if taken.isLast { break }
        }
        return ([path] + alternatives).filter { $0.contains { $0.rating != nil } }.map(imported)
    }

    /// What the solution goes on with: what was chosen, else what the person wrote, else the first on offer as its end.
    private func taken(
        _ step: Step, _ completions: [Completion], number: Int
    ) throws(LabelRowFault) -> (completion: Completion?, index: Int?, isLast: Bool) {
        if let chosen = step.chosen_completion {
            guard completions.indices.contains(chosen) else {
                throw LabelRowFault("step \(number + 1) chose completion \(chosen) of \(completions.count)")
            }
            return (completions[chosen], chosen, false)
        }
        if let written = step.human_completion { return (written, nil, false) }
        return (completions.first, completions.isEmpty ? nil : 0, true)
    }

    private func imported(_ steps: [Completion]) -> ImportedLabel {
        var at: [String: JSONValue] = [
            "quality_control": .bool(is_quality_control_question), "screening": .bool(is_initial_screening_question),
        ]
        at["timestamp"] = timestamp.map(JSONValue.string)
        at["generation"] = generation.map(JSONValue.integer)
        at["finish_reason"] = label.finish_reason.map(JSONValue.string)
        let texts = steps.map(\.text)
        return ImportedLabel(
            kind: .steps, source: .person, labeller: "prm800k/\(labeler)", prompt: question.problem,
            reference: question.ground_truth_answer,
            answers: [.init(text: texts.joined(separator: "\n"), steps: texts)],
            judgement: .steps(steps.map(\.rating)), at: at)
    }
}
