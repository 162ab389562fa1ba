import ArgumentParser
import HoneEvaluation

/// What the gate finds: simulated candidates with a planted loss, and others that lost nothing.
struct GateSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "How often the gate blocks a planted regression, and how often a candidate that lost nothing.",
        discussion: """
            Every candidate is better than the active checkpoint on the target. One kind has lost 2 points on one of
            three guards, another on the target itself, and the third has lost nothing. "Churn" is the share of prompts
            on which the two disagree.

              hone-bench gate
              hone-bench gate --prompts 4000 --margin 0.02 --json
            """)

    @Option(help: "Simulated candidates of each kind.") var candidates = 200
    @Option(help: "Prompts a suite; several are separated by commas.", transform: Self.numbers)
    var prompts = [4000, PairedComparison.defaultPromptCount]
    @Option(help: "The guards' margin, a share.") var margin = PairedComparison.defaultMargin
    @Option(help: "The planted loss, a share.") var loss = 0.02
    @Option(help: "How much better a candidate is on the target, a share.") var gain = 0.02
    @Option(help: "Guard suites.") var guards = 3
    @Option(help: "Of the simulation.") var seed: UInt64 = 1
    @Flag(help: "One JSON object instead of a table.") var json = false

    /// Shares of prompts on which the two disagree, besides what the loss or the gain brings about.
    private static let churns = [0.02, 0.05, 0.1]

    private static func numbers(_ text: String) throws -> [Int] {
        try text.split(separator: ",").map { word in
            guard let number = Int(word), number > 0 else { throw ValidationError("'\(word)' is no count of prompts") }
            return number
        }
    }

    func validate() throws {
        if candidates < 1 { throw ValidationError("--candidates must be at least 1.") }
        if guards < 1 { throw ValidationError("--guards must be at least 1.") }
        for (name, share) in [("--margin", margin), ("--loss", loss), ("--gain", gain)] where !(0..<0.5).contains(share)
        {
            throw ValidationError("\(name) \(share): give a share from 0 up to 0.5, such as 0.02")
        }
    }

    func run() throws {
        var rows: [SuiteReport.Row] = []
        for count in prompts {
            for churn in Self.churns {
                for kind in SimulatedCandidate.Kind.allCases {
                    let simulation = SimulatedCandidate(
                        kind: kind, promptCount: count, churn: churn, gain: gain, loss: loss, guardCount: guards)
                    var random = SimulationRandom(state: seed)
                    let blocked = (0..<candidates).count { _ in simulation.isBlocked(margin: margin, using: &random) }
                    rows.append(
                        SuiteReport.Row(
                            name: "\(kind.rawValue), \(count) prompts, churn \(Int(churn * 100)) %", unit: "% blocked",
                            sample: Sample([100 * Double(blocked) / Double(candidates)]), beside: nil))
                }
            }
        }
        try SuiteReport(suite: "gate", rows: rows, absent: []).show(asJSON: json)
    }
}
