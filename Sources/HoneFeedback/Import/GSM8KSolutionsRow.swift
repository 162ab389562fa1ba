import Foundation
import HoneDatasets

/// A row of GSM8K's example model solutions: one question, a solution by each of four models, right or wrong by its
/// final answer. It becomes a verifier's preference for each pair of a right and a wrong one.
struct GSM8KSolutionsRow: LabelRow {
    private let question: String
    private let ground_truth: String
    private let solutions: [(model: String, solution: Solution)]

    private struct Solution: Decodable {
        let is_correct: Bool
        let solution: String
    }

    private static let models = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        question = try container.decode(String.self, forKey: Key("question"))
        ground_truth = try container.decode(String.self, forKey: Key("ground_truth"))
        solutions = try Self.models.map { ($0, try container.decode(Solution.self, forKey: Key($0))) }
    }

    func labels() throws(LabelRowFault) -> [ImportedLabel] {
        guard let mark = ground_truth.range(of: "\nA: ", options: .backwards) else {
            throw LabelRowFault("the ground truth has no line \"A: result\"")
        }
        let reference = String(ground_truth[mark.upperBound...]).trimmingCharacters(in: .whitespaces)
        let right = solutions.filter { $0.solution.is_correct }
        let wrong = solutions.filter { !$0.solution.is_correct }
        return right.flatMap { better in
            wrong.map { worse in
                let (answers, judgement) = Judgement.sides(
                    better: better.solution.solution, worse: worse.solution.solution)
                return ImportedLabel(
                    kind: .preference, source: .verifier, labeller: "gsm8k-answers", prompt: question,
                    reference: reference, answers: answers, judgement: judgement,
                    at: ["better": .string(better.model), "worse": .string(worse.model)])
            }
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { return nil }
    }
}
