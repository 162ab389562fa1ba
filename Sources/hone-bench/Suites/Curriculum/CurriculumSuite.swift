import ArgumentParser
import Foundation
import HonePlots

/// Whether a curriculum shortens the way to a hard task, and whether it keeps a model from learning noise by heart.
struct CurriculumSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curriculum",
        abstract: "Optimizer steps to 80 % of held-out hard problems, by what the steps before were spent on.",
        discussion: """
            Every arm trains the same network from the same weights with the same rates, constant after the warm-up,
            on batches of the same number of tokens; all that differs is the level that a step draws from. A problem
            counts as solved when greedy decoding writes it without a fault. The second table trains on 2,000
            examples of which 10 % have a wrong answer.

              hone-bench curriculum --task reading --plot curves.svg
              hone-bench curriculum --task chain --task stories --seeds 1 --noise-steps 0 --verbose
            """)

    @Option(help: "Seeds of every arm.") var seeds = 5
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "The hard task; may be given several times. All of them if left out.") var task: [CurriculumTask] = []
    @Option(help: "What is compared; may be given several times. All if left out.") var arm: [CurriculumArm] = []
    @Option(help: "Most optimizer steps of a run.") var steps = 800
    @Option(help: "Steps on the small noisy pool; 0 leaves it out.") var noiseSteps = 400
    @Option(help: "Width of the network.") var hiddenSize = 64
    @Option(help: "Layers of the network.") var layers = 3
    @Option(help: "Tokens of a batch.") var tokens = 1024
    @Option(help: "Learning rate of AdamW, for embeddings and norms.") var learningRate = 0.003
    @Option(help: "Learning rate of Muon, for matrices.") var matrixLearningRate = 0.005
    @Option(help: "Accuracy at which a stage counts as mastered.") var threshold = 0.6
    @Option(help: "Share of steps that draw an earlier stage.") var replay = 0.2
    @Option(help: "Accuracy that the adaptive arm aims at.") var adaptiveTarget = 0.5
    @Option(help: "How far a probe moves the adaptive arm at most, in stages.") var adaptiveStep = 0.5
    @Option(help: "Where the learning curves go, as SVG.") var plot: String?
    @Flag(help: "Print every measurement.") var verbose = false
    @Flag(help: "One JSON object on the last line instead of a table.") var json = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds must be at least 1.") }
        if steps < 1 || noiseSteps < 0 { throw ValidationError("--steps must be at least 1, --noise-steps 0.") }
        if hiddenSize < 8 || !hiddenSize.isMultiple(of: 8) {
            throw ValidationError("--hidden-size must be a multiple of 8.")
        }
    }

    func run() async throws {
        var outcomes: [CurriculumTask: [CurriculumMeasurement.Outcome]] = [:]
        var gaps: [CurriculumFindings.Gap] = []
        let arms = arm.isEmpty ? CurriculumArm.allCases : arm
        for task in task.isEmpty ? CurriculumTask.allCases : task {
            let measurement = CurriculumMeasurement(task: task, settings: settings(steps: steps))
            for seed in firstSeed..<firstSeed + UInt64(seeds) {
                for arm in arms { outcomes[task, default: []] += [try await measurement.run(arm, seed: seed, verbose)] }
            }
            if noiseSteps > 0 { for arm in arms { gaps.append(try await gap(task, arm)) } }
        }
        let findings = CurriculumFindings(outcomes, gaps: gaps, settings: settings(steps: steps))
        if let plot {
            try Data(CurriculumFindings.figure(outcomes).svg().utf8).write(to: URL(filePath: plot))
        }
        if json { try printJSONLine(findings) } else { for line in findings.table { print(line) } }
    }

    private func settings(steps: Int) -> CurriculumMeasurement.Settings {
        var settings = CurriculumMeasurement.Settings(stepLimit: steps)
        settings.hiddenSize = hiddenSize
        settings.layerCount = layers
        settings.tokensPerBatch = tokens
        settings.learningRate = learningRate
        settings.matrixLearningRate = matrixLearningRate
        settings.replay = replay
        settings.threshold = threshold
        settings.adaptiveTarget = adaptiveTarget
        settings.adaptiveStep = adaptiveStep
        return settings
    }

    private func gap(_ task: CurriculumTask, _ arm: CurriculumArm) async throws -> CurriculumFindings.Gap {
        let measurement = NoisyPoolMeasurement(task: task, settings: settings(steps: noiseSteps))
        var found: [NoisyPoolMeasurement.Outcome] = []
        for seed in firstSeed..<firstSeed + UInt64(seeds) { found.append(try await measurement.run(arm, seed: seed)) }
        return CurriculumFindings.Gap(
            task: task.rawValue, arm: arm.rawValue, trained: Sample(found.map(\.trained)),
            heldOut: Sample(found.map(\.heldOut)), gap: Sample(found.map { $0.trained - $0.heldOut }))
    }
}

extension CurriculumTask: ExpressibleByArgument {}
extension CurriculumArm: ExpressibleByArgument {}
