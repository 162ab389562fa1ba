import ArgumentParser
import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// How the numeric suites run, and the peer that they run beside them.
struct PeerOptions: ParsableArguments {
    @Option(help: "A Python that has torch and transformers.") var python = "python3"
    @Option(help: "The folder of the peers' scripts.") var oracles = "Tests/Oracles"
    @Option(name: .customLong("threads"), help: "Thread counts, separated by commas.") var threadList = "1,2"
    @Option(name: .customLong("model"), help: "Model sizes, by commas: tiny, small, 50m.") var sizeList = "tiny"
    @Option(help: "Runs of each side, taken in turn; medians count.") var runs = 5
    @Flag(help: "Print one JSON object instead of a table.") var json = false

    var threadCounts: [Int] { threadList.split(separator: ",").compactMap { Int($0) } }
    var sizes: [ModelSize] { sizeList.split(separator: ",").compactMap { ModelSize(rawValue: String($0)) } }

    func validate() throws {
        guard runs > 0 else { throw ValidationError("--runs \(runs): give a number from 1 up") }
        guard threadCounts.count == threadList.split(separator: ",").count, threadCounts.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--threads \(threadList): give numbers from 1 up, as in 1,2")
        }
        guard sizes.count == sizeList.split(separator: ",").count else {
            throw ValidationError("--model \(sizeList): known are \(ModelSize.allCases.map(\.rawValue))")
        }
    }

    /// What a peer's script prints last.
    struct PeerResult: Decodable {
        let tokens: Double
        let seconds: Double
    }

    struct PeerFault: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script of the peers' folder; a peer that cannot run is reported, never guessed.
    func script(
        _ name: String, _ arguments: [String], python other: String? = nil
    ) async -> Result<PeerResult, PeerFault> {
        let python = other ?? python
        do {
            let run = try await Subprocess.run(
                python.contains("/") ? .path(FilePath(python)) : .name(python),
                arguments: Arguments(["\(oracles)/\(name)"] + arguments),
                // Hone's own setting for threads that wait would hold the peers back.
                environment: .inherit.updating(["OMP_WAIT_POLICY": "active"]),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard run.terminationStatus.isSuccess, let line = run.standardOutput.split(separator: "\n").last else {
                let reason = run.standardError.split(separator: "\n").last ?? "no output"
                return .failure(PeerFault(description: "\(name) with \(python): \(reason)"))
            }
            return .success(try JSONDecoder().decode(PeerResult.self, from: Data(line.utf8)))
        } catch {
            return .failure(PeerFault(description: "\(name) with \(python): \(error)"))
        }
    }
}
