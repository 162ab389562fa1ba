import ArgumentParser
import Foundation
import HoneDatasets
import HoneTraining

/// Whether a model trained from nothing on published word problems reads: accuracy on a published test, seed by seed.
struct WordProblemSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "word-problems",
        abstract: "Trains from random weights on published word problems and answers others with the calculator.",
        discussion: """
            The model reads a problem with letters for its numbers and writes an equation, which is worked out exactly.
            Nothing is chosen by the test file: settings are compared by what is held out of the training file.

              hone-bench word-problems --train mawps-asdiv-a_svamp/train.csv --test SVAMP.json --seeds 3
              hone-bench word-problems --train train.csv --test SVAMP.json --narratives 0 --rewordings 0
            """)

    @Option(help: ArgumentHelp("Problems to learn from, in a format that 'hone ingest' reads.", valueName: "file"))
    var train: String
    @Option(help: ArgumentHelp("Problems to be tested on; left out, only the held-out ones are.", valueName: "file"))
    var test: String?
    @Option(help: "So many of a hundred training problems are held out.") var holdOut = 10
    @Option(help: "Variations of each training problem.") var rewordings = 15
    @Option(help: "Generated narratives to learn from besides.") var narratives = 60000
    @Option(help: "Seeds, from --first-seed up.") var seeds = 1
    @Option(help: "The first seed.") var firstSeed: UInt64 = 1
    @Option(help: "A train.sft configuration as JSON; keys that are left out have the suite's settings.")
    var settings = "{}"
    @Option(help: "Readings of each problem, with other names for its words, whose most frequent answer is told too.")
    var readings = 1
    @Flag(help: "Print every hundredth step.") var verbose = false
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func run() async throws {
        let configuration = try Settings.overlay(settings, on: WordProblemMeasurement.configuration)
        let data = try WordProblemData(
            train: train, test: test, holdOut: holdOut, rewordings: rewordings, narratives: narratives)
        var results: [WordProblemMeasurement.Result] = []
        for seed in firstSeed..<firstSeed + UInt64(seeds) {
            let measurement = WordProblemMeasurement(
                seed: seed, data: data, configuration: configuration, verbose: verbose, namings: readings)
            results.append(try await measurement.run())
        }
        func row(_ name: String, _ unit: String, _ value: (WordProblemMeasurement.Result) -> Double?)
            -> SuiteReport.Row?
        {
            let values = results.compactMap(value)
            return values.isEmpty ? nil : SuiteReport.Row(name: name, unit: unit, sample: Sample(values), beside: nil)
        }
        let rows = [
            row("right of those held out", "%") { 100 * $0.heldOut.accuracy },
            row("right of those, reworded", "%") { 100 * $0.reworded.accuracy },
            row("right of the test", "%") { result in result.test.map { 100 * $0.accuracy } },
            row("right of those held out, voted", "%") { readings > 1 ? 100 * $0.heldOut.votedAccuracy : nil },
            row("right of those, reworded, voted", "%") { readings > 1 ? 100 * $0.reworded.votedAccuracy : nil },
            row("right of the test, voted", "%") { result in
                readings > 1 ? result.test.map { 100 * $0.votedAccuracy } : nil
            },
            row("training", "s") { $0.seconds }, row("parameters", "") { Double($0.parameterCount) },
            row("training examples", "") { Double($0.exampleCount) },
        ]
        try SuiteReport(suite: "word-problems", rows: rows.compactMap(\.self), absent: []).show(asJSON: json)
        if seeds > 1, !json { showVotes(results, data) }
    }

    /// All seeds together: the answer that most of them give.
    private func showVotes(_ results: [WordProblemMeasurement.Result], _ data: WordProblemData) {
        for (name, examples, answers) in [
            ("held out", data.heldOut, results.map(\.heldOut.answers)),
            ("test", data.test, results.compactMap(\.test?.answers)),
        ] where !examples.isEmpty {
            let right = examples.indices.count { index in
                let vote = MajorityVote.answer(among: answers.map { $0[index] })
                return vote.map { data.isRight($0, examples[index]) } ?? false
            }
            let share = String(format: "%.1f", 100 * Double(right) / Double(examples.count))
            print("\(name), the vote of \(answers.count) models: \(share) % of \(examples.count)")
        }
    }
}
