public import HoneCatalog
import HoneDatasets
public import HonePostgres

/// Corrected answers as examples to learn from.
public enum Corrections {
    /// Appends the corrections that stand to a dataset, in one transaction; those that it has are passed over. Each
    /// example's metadata names its label, task, labeller and sample.
    /// - Throws: `FeedbackError.noLabels`.
    @discardableResult
    public static func ingest(
        _ source: LabelSource = .person, into dataset: String, split: String = "train", using pool: PostgresPool
    ) async throws -> IngestReport {
        try await pool.withTransaction { transaction in
            var total = IngestReport(dataset: dataset)
            try await LabelSelection(.correction, source: source).forEachPage(
                .asked, withContent: true, from: transaction
            ) {
                page in
                var rest = page.flatMap { $0.corrections(split: split) }.makeIterator()
                total += try await Datasets.ingest({ rest.next() }, into: dataset, in: transaction)
            }
            guard total.readCount > 0 else { throw FeedbackError.noLabels(kind: .correction, source: source) }
            return total
        }
    }
}

extension LabelledTask {
    fileprivate func corrections(split: String) -> [Example] {
        labels.compactMap { label in
            guard let content, case .correction(let steps, let answer) = label.judgement else { return nil }
            var metadata: [String: JSONValue] = [
                "label": .integer(Int(label.id)), "task": .integer(Int(id)), "labeller": .string(label.labeller),
            ]
            metadata["sample"] = sample.map { .integer(Int($0)) }
            return Example(
                prompt: content.prompt, answer: answer, steps: steps, split: split, source: "label",
                metadata: metadata)
        }
    }
}
