import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer
import HoneTraining

/// One seed of `routing`: a model with an early exit, a router that learns from its answers, and what each way of
/// answering costs and is worth on problems that neither has seen.
struct RoutingMeasurement: Sendable {
    let task: RoutingTask
    let routerPrompts: Int
    let testPrompts: Int
    let searchCount: Int
    let runs: Int
    let verbose: Bool

    static let drafts = [2, 4, 6, 8]
    static let batches = [1, 8, 64]
    static let tokenizer = ByteTokenizer()

    /// A way of answering, over all test problems.
    struct Point: Encodable, Sendable {
        let name: String
        /// Of the router's choice; nil where nothing is chosen.
        let setting: RoutingSetting?
        let accuracy: Double
        let seconds: Double
        /// Layers times tokens over those of the deep path for the same answers.
        let computed: Double
        /// Share of problems by path.
        let paths: [String: Double]
    }

    struct Drafting: Encodable, Sendable {
        let batch: Int
        let draft: Int
        /// Tokens that a round keeps, at most `draft`.
        let tokensPerRound: Double
        /// Time of the deep path alone over that with drafts.
        let speedUp: Double
        let differing: Int
    }

    struct Result: Encodable, Sendable {
        let seed: UInt64
        let trainingSeconds: Double
        let parameters: Int
        let router: RouterEvaluation?
        let levels: [String: [Double]]
        let points: [Point]
        /// Chosen on problems of their own, for 95 and 98 % of the deep path's accuracy there.
        let chosen: [String: RoutingSetting]
        let drafting: [Drafting]
    }

    func run(in folder: String?) async throws -> Result {
        let root = folder ?? FileManager.default.temporaryDirectory.path + "/hone-bench-\(UUID().uuidString)"
        let (directory, seconds) = try await train(in: root)
        let model = try CausalLanguageModel.load(directory: directory)
        guard let exit = try RoutingParts.read(directory: directory, for: model.configuration)?.exit else {
            preconditionFailure("a model trained with an early exit has one")
        }
        let validation = try task.problems(routerPrompts + testPrompts, split: .validation)
        let learning = Array(validation.prefix(routerPrompts))
        let bare = RoutingAnswers(model: model, parts: RoutingParts(exit: exit), searchCount: searchCount)
        let trainer = try router(model, exit, learning, bare.outcomes(of: learning))
        let answering = RoutingAnswers(model: model, parts: trainer.parts, searchCount: searchCount)
        let chosen = try answering.chosenSettings(Array(validation.suffix(testPrompts)))
        let test = try task.problems(testPrompts, split: .test)
        let outcomes = try answering.outcomes(of: test)
        let points = try answering.points(test, outcomes, settings: RoutingSetting.reported + chosen.values, runs: runs)
        let drafting = try answering.drafting(Array(test.prefix(128)), runs: runs)
        if folder == nil { try FileManager.default.removeItem(atPath: root) }
        return Result(
            seed: task.seed, trainingSeconds: seconds, parameters: model.configuration.parameterCount,
            router: trainer.evaluation, levels: answering.levels(test, outcomes), points: points, chosen: chosen,
            drafting: drafting)
    }

    /// The model, trained now or by an earlier call, and the processor's seconds that it took.
    private func train(in root: String) async throws -> (directory: String, seconds: Double) {
        let shape = "\(task.layerCount)-\(task.exitLayer)-\(task.hiddenSize)"
        let folder = "\(root)/routing-\(task.steps)-\(shape)-\(task.exitWeight)-\(task.seed)"
        let directory = Checkpoint.path(root: folder, step: task.steps)
        if FileManager.default.fileExists(atPath: directory) { return (directory, 0) }
        let started = clock()
        let session = try await TrainingSession.start(
            task.configuration, examples: try task.examples(), tokenizer: Self.tokenizer)
        try await session.run(checkpointsIn: folder) { report in
            if verbose, report.step % 200 == 0 { try printJSONLine(report) }
        }
        return (directory, Double(clock() - started) / 1_000_000)
    }

    private func router(
        _ model: CausalLanguageModel, _ exit: EarlyExit, _ problems: [Problem], _ outcomes: [[RoutePath: Double]]
    ) throws -> RouterTrainer {
        var settings = RouterConfiguration(steps: 400)
        settings.seed = task.seed
        settings.searchCount = searchCount
        let trainer = try RouterTrainer(
            settings, model: model, parts: RoutingParts(exit: exit),
            examples: zip(problems, outcomes).map {
                RouterExample(prompt: Self.tokenizer.encode($0.prompt + "\n"), outcomes: $1)
            }, tokenizer: Self.tokenizer)
        while !trainer.isDone { _ = try trainer.advance() }
        if verbose, let evaluation = trainer.evaluation { try printJSONLine(evaluation) }
        return trainer
    }
}
