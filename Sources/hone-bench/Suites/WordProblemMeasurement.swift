import Foundation
import HoneDatasets
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining

/// One seed of `word-problems`: training, then the answers to what was not trained on.
struct WordProblemMeasurement: Sendable {
    let seed: UInt64
    let data: WordProblemData
    let configuration: SFTConfiguration
    let verbose: Bool
    /// Readings of each problem.
    let namings: Int

    struct Answers: Sendable {
        /// What the model wrote, problem by problem.
        let answers: [String]
        let accuracy: Double
        /// With the most frequent answer of several readings.
        let votedAccuracy: Double
    }

    struct Result: Sendable {
        let heldOut: Answers
        let reworded: Answers
        /// Nil where there is no test file.
        let test: Answers?
        let seconds: Double
        let parameterCount: Int
        let exampleCount: Int
    }

    /// The suite's settings, those of `Pipelines/word-reader.yaml`.
    static var configuration: SFTConfiguration {
        var settings = SFTConfiguration(steps: 4500)
        settings.tokensPerBatch = 2048
        settings.learningRate = 0.005
        settings.checkpointInterval = 0
        settings.layout = .equation
        settings.vocabulary = .learned
        settings.dropout = 0.05
        settings.promptLoss = 0.5
        settings.model = ModelConfiguration(
            vocabularySize: 1536, hiddenSize: 160, intermediateSize: 432, layerCount: 4, headCount: 5,
            maxPositionCount: 512, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: true, initializerRange: 0.05,
            eosTokenIDs: [256], padTokenID: 257)
        return settings
    }

    func run() async throws -> Result {
        var settings = configuration
        settings.seed = seed
        let shape = settings.model ?? Self.configuration.model
        let tokenizer = ByteTokenizer.trained(
            on: data.training.map { $0.prompt + $0.completion }, vocabularySize: shape?.vocabularySize ?? 0)
        let root = FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        let started = ContinuousClock.now
        let session = try await TrainingSession.start(settings, examples: data.training, tokenizer: tokenizer)
        try await session.run(checkpointsIn: root) { [verbose] report in
            if verbose, report.step % 100 == 0 { try printJSONLine(report) }
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let engine = GenerationEngine(
            model: try CausalLanguageModel.load(directory: Checkpoint.path(root: root, step: settings.steps)),
            tokenizer: tokenizer)
        let result = Result(
            heldOut: try await answers(to: data.heldOut, engine, tokenizer),
            reworded: try await answers(to: data.reworded, engine, tokenizer),
            test: data.test.isEmpty ? nil : try await answers(to: data.test, engine, tokenizer), seconds: seconds,
            parameterCount: shape?.parameterCount ?? 0, exampleCount: data.training.count)
        try FileManager.default.removeItem(atPath: root)
        return result
    }

    private static let newTokenLimit = 24

    /// One answer a problem, and the one that most of `namings` readings lead to, which call its words by other names.
    private func answers(
        to examples: [Example], _ engine: GenerationEngine, _ tokenizer: ByteTokenizer
    ) async throws -> Answers {
        let requests = examples.flatMap { example in
            (0..<namings).map { naming in
                GenerationRequest(
                    prompt: tokenizer.encode(SlottedProblem(prompt: example.prompt, naming: naming).prompt),
                    maximumNewTokens: Self.newTokenLimit)
            }
        }
        let written = try await engine.generate(requests).map(\.text)
        let answers = examples.indices.map { written[$0 * namings] }
        let votes = examples.indices.map { index in
            MajorityVote.answer(among: Array(written[index * namings..<(index + 1) * namings])) ?? ""
        }
        func accuracy(_ answers: [String]) -> Double {
            Double(zip(answers, examples).count { data.isRight($0, $1) }) / Double(max(1, examples.count))
        }
        return Answers(answers: answers, accuracy: accuracy(answers), votedAccuracy: accuracy(votes))
    }
}

/// The answer that most of several models give.
enum MajorityVote {
    /// Of equally frequent ones the one that comes first; nil among none.
    static func answer(among answers: [String]) -> String? {
        let counts = Dictionary(answers.map { ($0, 1) }, uniquingKeysWith: +)
        let most = counts.values.max()
        return answers.first { counts[$0] == most }
    }
}
