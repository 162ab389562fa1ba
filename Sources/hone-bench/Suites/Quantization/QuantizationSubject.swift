import Foundation
import HoneCatalog
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining
import HoneWorker

/// A model of 5 million parameters that was trained from nothing on sums, products and quotients and problems of
/// several steps, as the first pipeline trains its smaller one, and the problems that it never saw.
struct QuantizationSubject {
    let seed: UInt64
    let steps: Int
    let threads: Int

    static let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 256, intermediateSize: 704, layerCount: 6, headCount: 8,
        maxPositionCount: 256, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: true, initializerRange: 0.05,
        eosTokenIDs: [256], padTokenID: 257)

    /// The directory below `root`, trained now or by an earlier call.
    func directory(in root: String) async throws -> String {
        let folder = "\(root)/subject-\(steps)-seed\(seed)"
        let directory = HoneTraining.Checkpoint.path(root: folder, step: steps)
        if FileManager.default.fileExists(atPath: directory) { return directory }
        var settings = SFTConfiguration(steps: steps)
        settings.seed = seed
        settings.learningRate = 0.01
        settings.tokensPerBatch = 1024
        settings.checkpointInterval = 0
        settings.threads = threads
        settings.model = Self.shape
        let examples = try problems(.train, count: 40_000).map {
            TrainingExample(prompt: $0.prompt + "\n", completion: $0.completion)
        }
        let session = try await TrainingSession.start(settings, examples: examples, tokenizer: ByteTokenizer())
        try await session.run(checkpointsIn: folder)
        return directory
    }

    /// What layers are looked at on, and what models answer.
    func data(measuredCount: Int) throws -> QuantizationData {
        QuantizationData(
            calibrating: Self.examples(try problems(.validation, count: 512)),
            measured: Self.examples(try problems(.test, count: measuredCount)), origin: "generated problems")
    }

    func measuredProblems(count: Int) throws -> [Problem] { try problems(.test, count: count) }

    /// One in four of a single operation, the others of several steps.
    private func problems(_ split: ProblemSplit, count: Int) throws -> [Problem] {
        try ProblemGenerator(seed: seed, level: .arithmetic).distinct(count / 4, split: split)
            + ProblemGenerator(seed: seed, level: .multiStep).distinct(count - count / 4, split: split)
    }

    private static func examples(_ problems: [Problem]) -> [CutExample] {
        problems.enumerated().map { number, problem in
            CutExample(
                id: Int64(number), prompt: problem.prompt, answer: problem.answer, steps: problem.steps,
                level: problem.level.rawValue)
        }
    }
}
