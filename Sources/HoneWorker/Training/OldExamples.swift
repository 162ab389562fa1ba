import HoneCatalog
import HoneModel
import HonePostgres
import HoneProblems
import HoneTraining

/// What a checkpoint and its ancestors were trained on, as a run that goes on from it remembers it.
///
/// Data cuts do not change, so the same checkpoint, capacity and seed give the same examples in every attempt.
enum OldExamples {
    /// At most `capacity` examples, balanced over the shapes of their solutions.
    /// - Throws: `CatalogError.dataChanged` if the examples of a cut are not there any more.
    static func sample(
        of checkpoint: Int64, capacity: Int, seed: UInt64, layout: AnswerLayout, from pool: PostgresPool
    ) async throws -> [TrainingExample] {
        var reservoir = BalancedReservoir<TrainingExample>(capacity: capacity, seed: seed)
        // A later cut may hold an earlier one's examples too.
        var seen: Set<Int64> = []
        for cut in try await DataCut.behind(checkpoint, in: pool) {
            try await cut.visit(from: pool) { page in
                for example in page where seen.insert(example.id).inserted {
                    guard let old = TrainingExample(example, layout) else { continue }
                    let shape = TemplateSignature(prompt: example.prompt, steps: example.steps)
                    reservoir.offer(old, of: shape.description)
                }
            }
        }
        return reservoir.elements
    }
}
