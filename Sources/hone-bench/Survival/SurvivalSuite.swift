import ArgumentParser
import Foundation
import Logging

/// What is left of trainings and their checkpoints after everything that can happen to them.
struct SurvivalSuite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "survival", abstract: "Kills trainings and damages their checkpoints, and counts what was lost.",
        subcommands: [Kills.self, Damage.self])
}

extension SurvivalSuite {
    /// An outcome's own keys, and its counts as every suite prints them.
    private struct Printed<Outcome: Encodable>: Encodable {
        let outcome: Outcome
        let rows: [SuiteReport.Row]

        private enum Keys: String, CodingKey {
            case rows
        }

        func encode(to encoder: any Encoder) throws {
            try outcome.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(rows, forKey: .rows)
        }
    }

    struct Kills: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "kill -9 of worker processes; the last checkpoint must be an undisturbed run's, bit for bit.",
            discussion: """
                Two workers serve a private PostgreSQL. Every job of every kind is killed at random moments, while the
                checkpoint at an epoch's end waits to be written, at that of the last step, and while the finished
                model waits to be recorded.

                  hone-bench survival kills --count 50
                """)

        @Option(help: "Kills at random moments, over all kinds; those at chosen moments come on top.") var count = 50
        @Option(help: "Random kills of one job.") var perJob = 5
        @Option(
            help: ArgumentHelp("Kinds of training, separated by commas.", valueName: "names"), transform: Self.kinds)
        var kinds = KilledTraining.all
        @Option(help: "Of the random moments.") var seed: UInt64 = 1

        func validate() throws {
            for (name, value) in [("--count", count), ("--per-job", perJob)] where value < 1 {
                throw ValidationError("\(name) \(value): give a number from 1 up")
            }
        }

        private static func kinds(_ text: String) throws -> [KilledTraining] {
            try text.split(separator: ",").map { name in
                guard let kind = KilledTraining.all.first(where: { $0.name == name }) else {
                    let known = KilledTraining.all.map(\.name).joined(separator: ", ")
                    throw ValidationError("'\(name)' is none of \(known)")
                }
                return kind
            }
        }

        func run() async throws {
            LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
            let outcome = try await PrivateServer.with { url in
                var measurement = try await KillMeasurement(url: url, seed: seed)
                return try await measurement.run(kinds, count: count, perJob: perJob)
            }
            try printJSONLine(Printed(outcome: outcome, rows: outcome.rows))
            if !outcome.isClean { throw ExitCode(1) }
        }
    }

    struct Damage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tears and flips bits of checkpoints: none may load, and the one before always must.",
            discussion: """
                Cuts every file at every 4 KiB, then flips random bits, removes files, exchanges their contents with
                each other's and with the other checkpoint's, until there are as many cases as asked for.

                  hone-bench survival damage --cases 10000
                """)

        @Option(help: "Damaged checkpoints.") var cases = 10_000
        @Option(help: "Of the random damage.") var seed: UInt64 = 1

        func validate() throws {
            if cases < 1 { throw ValidationError("--cases \(cases): give a number from 1 up") }
        }

        func run() async throws {
            let outcome = try await DamageMeasurement.run(cases: cases, seed: seed)
            try printJSONLine(Printed(outcome: outcome, rows: outcome.rows))
            if !outcome.isClean { throw ExitCode(1) }
        }
    }
}
