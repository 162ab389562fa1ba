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
            Every claim is measured by a suite of hone-bench, seed by seed. What came out is kept as one JSON file a
            claim, and a page is written from all of them: what was measured when, where and by which command, beside
            its control and its bar. A claim that does not hold stays on the page, with what is known about why. All of
            it takes hours on two cores; a claim that fails to run is reported, and the others go on.

              hone reproduce
              hone reproduce --only feedback,collapse --out docs
              hone reproduce --only word-problems --word-train train.csv --word-test SVAMP.json
              hone reproduce --page
            """)

    @Option(help: "Seeds of every suite that has some, and runs beside a peer.") var seeds = 5
    @Option(help: "Claims by name, separated by commas; all if left out.", transform: Self.claims)
    var only = Claim.all
    @Option(help: "A folder that keeps supervised models for the next claim and the next call; else a temporary one.")
    var keep: String?
    @Option(help: "A Python that has torch and transformers, for speed beside eager PyTorch, and TRL if it has that.")
    var python: String?
    @Option(help: ArgumentHelp("Word problems to learn from: see docs/word-problems.md.", valueName: "file"))
    var wordTrain: String?
    @Option(help: ArgumentHelp("Word problems to be tested on.", valueName: "file")) var wordTest: String?
    @Option(help: "The folder of the page reproduce.md, and of reproduce/ with the records and pictures.")
    var out = "docs"
    @Flag(help: "Print what would be measured, and measure nothing.") var list = false
    @Flag(help: "Measure nothing; write the page anew from the records.") var page = false

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
        let measured = page ? [] : only.map(\.name)
        // Before anything is measured, so that a damaged record costs no hours. Those that are measured are replaced.
        for claim in Claim.all where !measured.contains(claim.name) { _ = try ClaimRecord.read(claim, in: records) }
        let hadFaults = page ? false : try await measureAll()
        let outcomes = try Claim.all.compactMap { claim in
            try ClaimRecord.read(claim, in: records).map { ClaimOutcome(claim, $0) }
        }
        let page = ReproductionPage(folder: URL(filePath: out), outcomes: outcomes)
        try page.write()
        say("written to \(page.file.relativePath)")
        if hadFaults { throw ExitCode(1) }
    }

    private var records: URL { ReproductionPage.records(in: URL(filePath: out)) }

    /// Whether a claim failed to run. Every record is written at once, so that no later fault loses it.
    private func measureAll() async throws -> Bool {
        let models = keep ?? FileManager.default.temporaryDirectory.path + "/hone-reproduce-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: models, withIntermediateDirectories: true)
        defer { if keep == nil { removeModels(models) } }
        var hadFaults = false
        for claim in only {
            let needs = claim.blanks.filter { values(keepingModelsIn: models)[$0] == nil }.map(\.need)
            guard needs.isEmpty else {
                say("\(claim.name): left out, it needs \(needs.joined(separator: " and "))")
                continue
            }
            say("\(claim.name): \(command(of: claim))")
            do {
                let record = try await measure(claim, keepingModelsIn: models)
                try record.write(in: records, of: claim)
                say("  " + verdict(ClaimOutcome(claim, record)))
            } catch let fault as SuiteFault {
                say("  not measured: \(fault)")
                hadFaults = true
            }
        }
        return hadFaults
    }

    private func verdict(_ outcome: ClaimOutcome) -> String {
        outcome.holds ? "holds" : "does not hold: " + outcome.reasons.joined(separator: "; ")
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

    private func values(keepingModelsIn folder: String) -> [Claim.Blank: String] {
        var values: [Claim.Blank: String] = [.seeds: "\(seeds)", .keep: folder]
        values[.python] = python
        values[.trainFile] = wordTrain
        values[.testFile] = wordTest
        return values
    }

    private func arguments(of claim: Claim, filledWith values: [Claim.Blank: String]) -> [String] {
        claim.arguments.map { argument in Claim.Blank(rawValue: argument).flatMap { values[$0] } ?? argument }
    }

    /// As a reader would type it, with names in the place of this machine's paths.
    private func command(of claim: Claim) -> String {
        let names: [Claim.Blank: String] = [
            .seeds: "\(seeds)", .keep: "models", .python: "python3",
            .trainFile: wordTrain.map { URL(filePath: $0).lastPathComponent } ?? "train.csv",
            .testFile: wordTest.map { URL(filePath: $0).lastPathComponent } ?? "SVAMP.json",
        ]
        return (["hone-bench"] + arguments(of: claim, filledWith: names)).joined(separator: " ")
    }

    private func measure(_ claim: Claim, keepingModelsIn folder: String) async throws -> ClaimRecord {
        let (started, clock) = (Date.now, ContinuousClock.now)
        let words = arguments(of: claim, filledWith: values(keepingModelsIn: folder))
        let run = try await Subprocess.run(
            .path(FilePath("/proc/self/exe")), arguments: Arguments(words), output: .string(limit: 1 << 22),
            error: .string(limit: 1 << 20))
        guard let line = run.standardOutput.split(separator: "\n").last, line.hasPrefix("{") else {
            let reason = run.standardError.split(separator: "\n").last.map(String.init)
            throw SuiteFault(description: reason ?? "it printed nothing, \(run.terminationStatus)")
        }
        let output = try JSONDecoder().decode(SuiteOutput.self, from: Data(line.utf8))
        let record = ClaimRecord(
            claim, command: command(of: claim), seeds: seeds, started: started,
            seconds: (ContinuousClock.now - clock) / .seconds(1), rows: output.rows, remarks: output.absent)
        let missing = ClaimOutcome(claim, record).missing
        if !missing.isEmpty {
            let reasons = output.absent.isEmpty ? ["the suite prints no such row"] : output.absent
            throw SuiteFault(description: "\(missing.joined(separator: ", ")): \(reasons.joined(separator: "; "))")
        }
        return record
    }
}

/// Why a suite measured nothing.
private struct SuiteFault: Error, CustomStringConvertible {
    let description: String
}
