import Foundation
import HoneDatasets
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Has the program that will run the stages read what they ask for.
enum StageReading {
    /// - Throws: `CommandError.pipelineRefused` with what it found.
    static func check(_ file: String, params: [String: JSONValue] = [:]) async throws {
        let encoded = String(decoding: try JSONEncoder().encode(params), as: UTF8.self)
        let result = try await Subprocess.run(
            .path(FilePath(try HandOver.workerPath())),
            arguments: ["check-pipeline", "--params", encoded, "--", file], output: .discarded,
            error: .string(limit: 1 << 16))
        guard !result.terminationStatus.isSuccess else { return }
        throw CommandError.pipelineRefused(
            reason: result.standardError.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
