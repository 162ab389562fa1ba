import ArgumentParser
import Foundation
import HonePlots
import HoneTensor

/// What choosing a path for each request saves, and what it costs in right answers.
struct RoutingSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routing",
        abstract: "A model with an early exit and a router: the front of time and accuracy, and drafts without loss.",
        discussion: """
            Trains a small model with an early exit on the generator's first three levels, a router on what became of
            its answers, and measures every way of answering on test problems. The settings of the points for 95 and
            98 % of the deep path's accuracy are chosen on other problems than those that are reported.

              hone-bench routing --seeds 3 --plot docs/routing.svg
            """)

    @Option(help: "Seeds.") var seeds = 3
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "Steps of supervised training.") var steps = 6000
    @Option(help: "Layers of the deep path.") var layers = 6
    @Option(help: "Layers of the shallow path.") var exitLayer = 3
    @Option(help: "What the loss at the exit counts.") var exitWeight = 0.5
    @Option(help: "Width of the network.") var hiddenSize = 128
    @Option(help: "Prompts that the router learns from.") var routerPrompts = 1200
    @Option(help: "Prompts that are reported, and as many that settings are chosen on.") var testPrompts = 900
    @Option(help: "Answers of a search.") var searchSamples = 4
    @Option(help: "Threads inside one operator.") var threads = 1
    @Option(help: "Timed runs, whose median counts.") var runs = 3
    @Option(help: "Keep trained models in this folder, and use those that are there.") var models: String?
    @Option(help: "Where the front goes, as SVG.") var plot: String?
    @Flag(help: "Print every measurement.") var verbose = false
    @Flag(help: "One JSON object on the last line instead of a table.") var json = false

    func validate() throws {
        for (name, value) in [
            ("--seeds", seeds), ("--steps", steps), ("--threads", threads), ("--runs", runs),
        ] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        if !(1..<layers).contains(exitLayer) { throw ValidationError("--exit-layer must lie inside --layers.") }
        if searchSamples < 2 { throw ValidationError("--search-samples must be at least 2.") }
    }

    func run() async throws {
        Threads.set(intraOp: threads)
        var results: [RoutingMeasurement.Result] = []
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let task = RoutingTask(
                seed: seed, steps: steps, layerCount: layers, exitLayer: exitLayer, exitWeight: exitWeight,
                hiddenSize: hiddenSize)
            let measurement = RoutingMeasurement(
                task: task, routerPrompts: routerPrompts, testPrompts: testPrompts, searchCount: searchSamples,
                runs: runs, verbose: verbose)
            results.append(try await measurement.run(in: models))
        }
        let findings = RoutingFindings(results)
        if let plot { try Data(findings.figure.svg().utf8).write(to: URL(filePath: plot)) }
        if json { try printJSONLine(findings) } else { for line in findings.table { print(line) } }
    }
}
