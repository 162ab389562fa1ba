import Foundation
import HoneFeedback
import HoneMigrations
import HoneModel
import HonePostgres
import HoneProblems
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Reward models from nothing on published labels, by the product's own way: import, freeze, training. A small network
/// on little data is weak at this; what it reaches is printed as it is.
struct PublishedLabels {
    let steps: Int
    let seed: UInt64

    private static let shape = ModelConfiguration(
        vocabularySize: 258, hiddenSize: 128, intermediateSize: 352, layerCount: 3, headCount: 4,
        maxPositionCount: 1536, rmsNormEps: 1e-6, ropeTheta: 10_000, tiesEmbeddings: true, initializerRange: 0.05,
        eosTokenIDs: [256], padTokenID: 257)

    /// Whether wrong steps of held-out problems are found.
    struct StepResult {
        /// Of wrong steps: harmonic mean of precision and recall.
        let f1: Double
        let accuracy: Double
        let stepCount: Int
        let wrongShare: Double
    }

    /// PRMBench's steps, as people approved them and with errors planted; files are read one after the other.
    func prmBench(_ files: [String]) async throws -> StepResult {
        let labels = try await withLabels(files, .prmbench) { pool in
            _ = try await Freeze.take("approved", steps: LabelSelection(.steps), using: pool)
            _ = try await Freeze.take("planted", steps: LabelSelection(.steps, source: .simulated), using: pool)
            return try await Freeze.find("approved", in: pool).stepLabels(from: pool)
                + Freeze.find("planted", in: pool).stepLabels(from: pool)
        }
        let rows = labels.compactMap { row in example(row).map { (row.prompt, $0) } }
            .filter { $0.1.tokens.count <= Self.shape.maxPositionCount }
        let heldOut = rows.filter { Self.isHeldOut($0.0) }.map(\.1)
        let trainer = try train(.steps(rows.filter { !Self.isHeldOut($0.0) }.map(\.1)))
        var (hits, named, wrong, right, all) = (0, 0, 0, 0, 0)
        for (example, probabilities) in zip(heldOut, trainer.stepProbabilities(of: heldOut)) {
            for (label, probability) in zip(example.labels, probabilities) {
                let saysWrong = probability < 0.5
                all += 1
                if saysWrong { named += 1 }
                if !label.isRight { wrong += 1 }
                if saysWrong && !label.isRight { hits += 1 }
                if saysWrong != label.isRight { right += 1 }
            }
        }
        return StepResult(
            f1: 2 * Double(hits) / Double(max(1, named + wrong)), accuracy: Double(right) / Double(max(1, all)),
            stepCount: all, wrongShare: Double(wrong) / Double(max(1, all)))
    }

    /// The share of held-out pairs of a right and a wrong GSM8K solution that are told apart.
    func gsm8kSolutions(_ file: String) async throws -> RewardEvaluation {
        let pairs = try await withLabels([file], .gsm8kSolutions) { pool in
            _ = try await Freeze.take("pairs", preferences: LabelSelection(.preference, source: .verifier), using: pool)
            return try await Freeze.find("pairs", in: pool).preferencePairs(from: pool)
        }
        let rows = pairs.map { pair in
            (
                pair.prompt,
                HoneTraining.PreferencePair(
                    chosen: tokens(pair.prompt, pair.chosen), rejected: tokens(pair.prompt, pair.rejected))
            )
        }.filter { max($0.1.chosen.count, $0.1.rejected.count) <= Self.shape.maxPositionCount }
        let trainer = try train(.pairs(rows.filter { !Self.isHeldOut($0.0) }.map(\.1)))
        return try trainer.evaluate(.pairs(rows.filter { Self.isHeldOut($0.0) }.map(\.1)))
    }

    private func withLabels<Rows>(
        _ files: [String], _ format: LabelFormat, _ read: (PostgresPool) async throws -> Rows
    ) async throws -> Rows {
        try await PrivateServer.with { url in
            let pool = PostgresPool(
                configuration: try PostgresConfiguration(url: url), limits: .init(maximum: 2))
            defer { pool.close() }
            _ = try await Migrator(Migration.hone, pool: pool).apply()
            for file in files {
                _ = try await LabelImport.run(file: URL(filePath: file), format: format, using: pool)
            }
            return try await read(pool)
        }
    }

    /// One question in five.
    private static func isHeldOut(_ prompt: String) -> Bool { stableHash(of: prompt) % 5 == 0 }

    private func tokens(_ prompt: String, _ answer: String) -> [Int32] {
        let tokenizer = SupervisedPolicy.tokenizer
        return tokenizer.encode(prompt + "\n" + answer) + [tokenizer.endOfTextID]
    }

    private func example(_ labels: StepLabels) -> StepExample? {
        var tokens = SupervisedPolicy.tokenizer.encode(labels.prompt + "\n")
        var places: [StepExample.Label] = []
        for (step, rating) in zip(labels.steps, labels.ratings) {
            tokens += SupervisedPolicy.tokenizer.encode(step + "\n")
            if let rating { places.append(StepExample.Label(position: tokens.count - 1, isRight: rating >= 0)) }
        }
        return places.isEmpty ? nil : StepExample(tokens: tokens, labels: places)
    }

    private func train(_ examples: RewardExamples) throws -> RewardTrainer {
        Threads.set(intraOp: 1)
        let backbone = CausalLanguageModel(Self.shape, generator: Generator(seed: seed))
        return try RewardMeasurement(seed: seed, steps: steps, learningRate: 0.001, verbose: false)
            .train(examples, heldOut: nil, from: backbone, steps: steps).trainer
    }
}
