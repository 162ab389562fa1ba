import HoneDatasets
import HonePostgres

/// The forms of published labels, each as its publisher distributes it, in JSON lines.
public enum LabelFormat: String, CaseIterable, Sendable {
    /// What `hone label export` writes.
    case hone
    /// Lightman et al. 2023, arXiv:2305.20050: people's ratings of steps, with the alternatives they were shown.
    case prm800k
    /// Song et al. 2025, arXiv:2501.03124: solutions with planted errors beside those they were made from.
    case prmbench
    /// Bai et al. 2022, arXiv:2204.05862: people's choice between two dialogues that end differently.
    case hhRLHF = "hh-rlhf"
    /// The model solutions of Cobbe et al. 2021, arXiv:2110.14168, judged by their final answers.
    case gsm8kSolutions = "gsm8k-solutions"

    /// Calls `body` with the labels of each row, and gives the number of rows.
    /// - Throws: `DatasetError` with the line of the first row that is wrong.
    nonisolated(nonsending) func forEachRow(
        of open: LabelFile, _ body: ([ImportedLabel]) async throws -> Void
    ) async throws {
        switch self {
        case .hone: try await open.forEachRow(ExportedRow.self, body)
        case .prm800k: try await open.forEachRow(PRM800KRow.self, body)
        case .prmbench: try await open.forEachRow(PRMBenchRow.self, body)
        case .hhRLHF: try await open.forEachRow(HHRLHFRow.self, body)
        case .gsm8kSolutions: try await open.forEachRow(GSM8KSolutionsRow.self, body)
        }
    }
}
