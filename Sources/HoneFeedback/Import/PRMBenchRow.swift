import HoneDatasets

/// A row of PRMBench: steps that people had approved, and the same solution with errors of one class planted in it.
///
/// The first are people's labels; the second were made by a program that knew what it planted, so they are marked as
/// simulated.
struct PRMBenchRow: LabelRow {
    private let idx: String
    private let classification: String
    private let original_question: String
    private let modified_question: String
    private let original_process: [String]
    private let modified_process: [String]
    private let error_steps: [Int]

    func labels() throws(LabelRowFault) -> [ImportedLabel] {
        guard !original_process.isEmpty, !modified_process.isEmpty else {
            throw LabelRowFault("a solution has no steps")
        }
        let right = label(
            .person, "prmbench", original_question, original_process,
            ratings: original_process.map { _ in 1 })
        // 78 of the 3,921 published rows also name steps beyond the last one: these say nothing.
        let errors = Set(error_steps).intersection(1...modified_process.count)
        guard !errors.isEmpty else { return [right] }
        let planted = label(
            .simulated, "prmbench/\(classification)", modified_question, modified_process,
            ratings: modified_process.indices.map { errors.contains($0 + 1) ? -1 : 1 })
        return [right, planted]
    }

    private func label(
        _ source: LabelSource, _ labeller: String, _ question: String, _ process: [String], ratings: [Int]
    ) -> ImportedLabel {
        let steps = process.map(\.withoutNumber)
        return ImportedLabel(
            kind: .steps, source: source, labeller: labeller, prompt: question, reference: nil,
            answers: [.init(text: steps.joined(separator: "\n"), steps: steps)], judgement: .steps(ratings),
            at: ["idx": .string(idx), "classification": .string(classification)])
    }
}

extension String {
    /// The step without its "3. ".
    fileprivate var withoutNumber: String {
        let rest = drop { $0.isASCII && $0.isNumber }
        guard rest.count < count, rest.hasPrefix(". ") else { return self }
        return String(rest.dropFirst(2))
    }
}
