import ArgumentParser
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Measures the design's claims again on this machine and writes down what came out.
struct ReproduceProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce", abstract: "Measures each claim of the design on this machine, with its control.",
        discussion: """
            Every claim is measured by a suite of hone-bench, seed by seed, and a page tells what was measured, beside
            its control and its bar. A claim that does not hold stays in the table, with what is known about why. All of
            it takes about two hours on two cores; a claim that fails to run is reported and the others go on.

              hone reproduce
              hone reproduce --only feedback,collapse --seeds 3 --out /tmp/reproduce.md
            """)

    @Option(help: "Seeds of every suite that has some.") var seeds = 5
    @Option(help: "Claims by name, separated by commas; all if left out.", transform: Self.claims)
    var only = Claim.all
    @Option(help: "A folder that keeps supervised models for the next claim and the next call; else a temporary one.")
    var keep: String?
    @Option(help: "The page; its pictures come beside it.") var out = "docs/reproduce.md"
    @Flag(help: "Print what would be measured, and measure nothing.") var list = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds \(seeds): give a number from 1 up") }
    }

    private static func claims(_ text: String) throws -> [Claim] {
        try text.split(separator: ",").map { name in
            guard let claim = Claim.all.first(where: { $0.name == name }) else {
                let known = Claim.all.map(\.name).joined(separator: ", ")
                throw ValidationError("'\(name)' is none of \(known)")
            }
            return claim
        }
    }

    func run() async throws {
        if list {
            for claim in only { say("\(claim.name): \(claim.statement)\n    \(command(of: claim))") }
            return
        }
        let models = keep ?? FileManager.default.temporaryDirectory.path + "/hone-reproduce-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        defer { if keep == nil { removeModels(models) } }
        var outcomes: [ClaimOutcome] = []
        for claim in only {
            say("\(claim.name): \(command(of: claim))")
            let outcome = try await measure(claim, keepingModelsIn: models)
            for line in outcome.lines { say("  " + line) }
            outcomes.append(outcome)
            // After every claim, so that what was measured is not lost with what comes after.
            try ReproductionPage(outcomes: outcomes, seeds: seeds).write(to: URL(filePath: out))
        }
        say("written to \(out)")
        if outcomes.contains(where: { $0.fault != nil }) { throw ExitCode(1) }
    }

    /// At once, also into a file or a pipe: the whole takes hours.
    private func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private func removeModels(_ folder: String) {
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            say("\(folder) is left: \(error)")
        }
    }

    private func arguments(of claim: Claim, keepingModelsIn folder: String) -> [String] {
        let values = ["%SEEDS%": "\(seeds)", "%KEEP%": folder]
        return claim.arguments.map { values[$0] ?? $0 } + (claim.readings.isEmpty ? [] : ["--json"])
    }

    /// As a reader would type it.
    private func command(of claim: Claim) -> String {
        "hone-bench " + arguments(of: claim, keepingModelsIn: "models").joined(separator: " ")
    }

    private func measure(_ claim: Claim, keepingModelsIn folder: String) async throws -> ClaimOutcome {
        let started = ContinuousClock.now
        let run = try await Subprocess.run(
            .path(FilePath("/proc/self/exe")), arguments: Arguments(arguments(of: claim, keepingModelsIn: folder)),
            output: .string(limit: 1 << 22), error: .string(limit: 1 << 20))
        var outcome = ClaimOutcome(claim: claim, command: command(of: claim))
        outcome.seconds = (ContinuousClock.now - started) / .seconds(1)
        let isDone = run.terminationStatus.isSuccess
        if claim.readings.isEmpty {
            outcome.ended = isDone
        } else if isDone, let line = run.standardOutput.split(separator: "\n").last {
            outcome.rows = try MeasuredRows.read(Data(line.utf8))
        } else {
            outcome.fault = run.standardError.split(separator: "\n").last.map(String.init) ?? "it printed nothing"
        }
        return outcome
    }
}

/// The rows of a suite's JSON object, which may stand inside a larger one.
private enum MeasuredRows {
    private struct Report: Decodable {
        struct Row: Decodable {
            struct Values: Decodable {
                let values: [Double]
            }

            let name: String
            let unit: String
            let sample: Values
        }

        let rows: [Row]
    }

    private struct Printed: Decodable {
        let rows: [Report.Row]?
        let report: Report?
    }

    static func read(_ data: Data) throws -> [String: ClaimOutcome.Row] {
        let printed = try JSONDecoder().decode(Printed.self, from: data)
        return Dictionary(
            (printed.rows ?? printed.report?.rows ?? []).map {
                ($0.name, ClaimOutcome.Row(unit: $0.unit, sample: Sample($0.sample.values)))
            },
            uniquingKeysWith: { first, _ in first })
    }
}
