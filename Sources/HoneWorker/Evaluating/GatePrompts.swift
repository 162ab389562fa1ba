import HoneCatalog
import HonePostgres
import HoneProblems

/// The prompts of a gate's suite, with what tells anybody later which they were.
struct GatePrompts: Sendable {
    let examples: [CutExample]
    let origin: Origin

    /// Enough to have the same prompts again.
    struct Origin: Encodable, Sendable {
        /// Of a dataset's suite.
        var cut: DataCut?
        var limit: Int?
        var perLevel: Int?
        /// Of a generated one.
        var seed: UInt64?
        var levels: [Int]?
        var count: Int?

        enum CodingKeys: String, CodingKey {
            case cut, limit, seed, levels, count
            case perLevel = "per_level"
        }
    }

    /// Takes a cut of the dataset, or makes the problems; `job` seeds those of a suite that has no seed.
    init(of suite: GateSuite, job: Int64, from session: any PostgresSession) async throws {
        switch suite.source {
        case .dataset(let dataset, let split, let limit, let perLevel):
            let cut = try await DataCut.take(dataset: dataset, split: split, from: session)
            examples = try await cut.examples(CutSelection(limit: limit, perLevel: perLevel), from: session)
            origin = Origin(cut: cut, limit: limit, perLevel: perLevel)
        case .generated(let generation):
            let seed = generation.seed ?? UInt64(bitPattern: job)
            examples = try Self.problems(generation, seed: seed)
            origin = Origin(seed: seed, levels: generation.levels, count: generation.count)
        }
    }

    private static func problems(_ generation: GateSuite.Generation, seed: UInt64) throws -> [CutExample] {
        let levels = try generation.levels.map { number in
            guard let level = ProblemLevel(rawValue: number) else {
                throw WorkerError.payload(key: "levels", fault: "has no level \(number); there are 1, 2 and 3")
            }
            return level
        }
        let problems = try ProblemGenerator(seed: seed, levels: levels).distinct(generation.count, split: .test)
        return problems.enumerated().map { index, problem in
            CutExample(
                id: Int64(index), prompt: problem.prompt, answer: problem.answer, steps: problem.steps,
                level: problem.level.rawValue)
        }
    }
}
