import ArgumentParser
import Foundation
import HoneModel
import HoneProblems
import HoneTensor

/// What `attention --accuracy` can be told.
struct AttentionLearningOptions: ParsableArguments {
    @Option(help: "Training steps of the model with full attention; the others get as many as take its time.")
    var steps = 800
    @Option(help: "Sequences of a step.") var batch = 4
    @Option(help: "Lines of a chain, five tokens each.") var lines = 204
    @Option(help: "Variables of a chain.") var variables = 16
    @Option(help: "Numbers from 0 on that are added, 10 at most.") var addends = 3
    @Option(help: "Lines of 100 that go on from the line before.") var nearPercent = 50
    @Option(help: "Width of the models.") var width = 64
    @Option(help: "First seed.") var firstSeed = 1
    @Option(help: "Seeds.") var seeds = 1
    @Option(help: "Highest learning rate of embeddings, norms and biases.") var learningRate = 3e-3
    @Option(help: "Highest learning rate of the layers' matrices.") var muonRate = 0.02
    @Option(help: "Kinds of layers, from the first on, with commas: full, sliding, hierarchical; plans with slashes.")
    var plans = "full,full,full/hierarchical,hierarchical,hierarchical"
    @Flag(help: "As many steps for all, whatever they take.") var equalSteps = false
    @Flag(help: "Print accuracy along the way.") var verbose = false
}

/// Models of one number of parameters that learn long chains, with layers of different kinds, for equal time on the
/// processor.
struct AttentionLearning {
    let options: AttentionLearningOptions
    let window: Int
    let block: Int
    let threads: Int

    private static let layerCount = 3
    private static let heldOutCount = 64

    /// Layers' kinds, with what they are called.
    private struct Plan {
        let name: String
        let kinds: [AttentionKind]
    }

    private func plans() throws -> [Plan] {
        try options.plans.split(separator: "/").map { text in
            let kinds = try text.split(separator: ",").map { name -> AttentionKind in
                switch name {
                case "full": .full
                case "sliding": .sliding(window: window)
                case "hierarchical": .hierarchical(window: window, block: block, selected: 0)
                case "selecting": .hierarchical(window: window, block: block, selected: 2)
                default: throw ValidationError("--plans: there is no kind '\(name)'")
                }
            }
            guard kinds.count == Self.layerCount else {
                throw ValidationError("--plans: '\(text)' is not \(Self.layerCount) layers")
            }
            return Plan(name: String(text), kinds: kinds)
        }
    }

    private func shape(_ kinds: [AttentionKind], intermediateSize: Int? = nil) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: LongChain.vocabularySize(variableCount: options.variables), hiddenSize: options.width,
            intermediateSize: intermediateSize ?? 5 * options.width / 2, layerCount: Self.layerCount, headCount: 4,
            maxPositionCount: options.lines * LongChain.lineLength, ropeTheta: 1000, attention: kinds,
            tiesEmbeddings: false, initializerRange: 1 / Double(options.width).squareRoot())
    }

    /// The shape with as many parameters as the largest of all plans, nearly: its feed-forward blocks are wider.
    private func equalized(_ plan: Plan, among plans: [Plan]) -> ModelConfiguration {
        let most = plans.map { shape($0.kinds).parameterCount }.max() ?? 0
        let missing = most - shape(plan.kinds).parameterCount
        let wider = Int((Double(missing) / Double(3 * options.width * Self.layerCount)).rounded())
        return shape(plan.kinds, intermediateSize: 5 * options.width / 2 + wider)
    }

    func report() throws -> SuiteReport {
        Threads.set(intraOp: threads)
        let plans = try plans()
        var runs: [[LearntChains]] = plans.map { _ in [] }
        for seed in options.firstSeed..<options.firstSeed + options.seeds {
            var learners = plans.map { plan in
                ChainLearner(
                    equalized(plan, among: plans), seed: UInt64(seed), options: options, steps: options.steps)
            }
            let costs = learners.map { $0.secondsPerStep() }
            for i in learners.indices {
                if !options.equalSteps {
                    learners[i].stepCount = Int((Double(options.steps) * costs[0] / costs[i]).rounded())
                }
                let learnt = learners[i].learn(heldOutCount: Self.heldOutCount)
                runs[i].append(learnt)
                FileHandle.standardError.write(Data("seed \(seed), \(plans[i].name): \(learnt)\n".utf8))
            }
        }
        let all = plans.indices.flatMap { i in
            rows(plans[i].name, runs[i], beside: i == 0 ? nil : (plans[0].name, runs[0]))
        }
        return SuiteReport(suite: "attention accuracy", rows: all, absent: [])
    }

    private func rows(
        _ name: String, _ runs: [LearntChains], beside: (name: String, runs: [LearntChains])?
    ) -> [SuiteReport.Row] {
        let values: [(String, String, (LearntChains) -> Double)] = [
            ("values right", "%", { 100 * $0.accuracy }),
            ("values right of sources beyond 32 tokens", "%", { 100 * $0.farAccuracy }),
            ("steps", "", { Double($0.steps) }), ("time on the processor", "s", \.seconds),
            ("parameters", "thousand", { Double($0.parameterCount) / 1000 }),
        ]
        return values.map { what, unit, value in
            SuiteReport.Row(
                name: "\(name): \(what)", unit: unit, sample: Sample(runs.map(value)),
                beside: beside.map { .init(name: $0.name, sample: Sample($0.runs.map(value))) })
        }
    }
}
