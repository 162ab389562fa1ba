import ArgumentParser
import Foundation
import Logging

/// What the queue and the database cost a training by reinforcement, with roll-outs in its process and by the fleet.
struct RolloutSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollouts",
        abstract: "The share of queue and database in an iteration of PPO, and its time with more workers.",
        discussion: """
            Jobs of train.ppo on a private PostgreSQL with every commit forced to disk, by real worker processes, start
            from one supervised model of 0.39 M parameters. What an iteration takes besides sampling, verifying and
            learning is the share: claims, leases, versions of the policy through the artifact store, roll-outs and
            rewards in tables, metrics, resume points.

              hone-bench rollouts --steps 12
            """)

    @Option(help: "Steps of each training; the first is not measured.") var steps = 12
    @Option(help: "Prompts of a step.") var prompts = 64
    @Option(help: "Answers to each.") var samples = 4
    @Option(help: "Answers of one roll-out job.") var answersPerJob = 64
    @Option(help: "Supervised steps before.") var supervisedSteps = 600
    @Option(help: "Steps between resume points.") var checkpointEvery = 10
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    func validate() throws {
        for (name, value) in [
            ("--prompts", prompts), ("--samples", samples), ("--answers-per-job", answersPerJob),
            ("--supervised-steps", supervisedSteps), ("--checkpoint-every", checkpointEvery),
        ]
        where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
        if steps < 3 { throw ValidationError("--steps \(steps): give a number from 3 up") }
    }

    func run() async throws {
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let rows = try await PrivateServer.with { url in
            let measurement = try await RolloutMeasurement(url: url, settings: self)
            return try await measurement.run()
        }
        try SuiteReport(suite: "rollouts", rows: rows, absent: []).show(asJSON: json)
    }
}
