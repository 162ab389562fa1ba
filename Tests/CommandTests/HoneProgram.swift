import Foundation
import Subprocess
import SystemPackage
import Testing

/// The real `hone`, as the test run built it.
enum HoneProgram {
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The lines of `--json`, each decoded.
        func rows<Row: Decodable>(_ type: Row.Type = Row.self) throws -> [Row] {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try lines.map { try decoder.decode(Row.self, from: Data($0.utf8)) }
        }

        /// Passes where the program failed with this status and said why in one line that holds `words`.
        func expectFailure(
            _ expected: Int32 = 1, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) {
            #expect(status == expected, "\(errors)", sourceLocation: sourceLocation)
            #expect(output.isEmpty, sourceLocation: sourceLocation)
            if expected == 1 {
                #expect(errors.split(separator: "\n").count == 1, "\(errors)", sourceLocation: sourceLocation)
            }
            for word in words { #expect(errors.contains(word), "\(errors)", sourceLocation: sourceLocation) }
        }
    }

    /// Runs `hone` with these words; the database is `url`, or none at all.
    static func run(_ words: String..., database url: String? = nil, input: String = "") async throws -> Outcome {
        try await run(words: words, database: url, input: input)
    }

    static func run(words: [String], database url: String? = nil, input: String = "") async throws -> Outcome {
        let result = try await Subprocess.run(
            program, arguments: Arguments(words), environment: environment(url ?? ""), input: .string(input),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard case .exited(let status) = result.terminationStatus else {
            throw Ended(how: "\(result.terminationStatus)")
        }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }

    /// Runs `hone` with these words until its errors hold `text`, and then interrupts it as Ctrl-C does.
    static func interrupt(
        _ words: String..., onceItSays text: String, database url: String
    ) async throws -> TerminationStatus {
        try await Subprocess.run(
            program, arguments: Arguments(words), environment: environment(url), input: .none, output: .discarded,
            error: .sequence
        ) { execution in
            for try await line in execution.standardError.strings() where line.contains(text) { break }
            try execution.send(signal: .interrupt)
        }.terminationStatus
    }

    private static var program: Executable {
        let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        return .path(FilePath(folder.appending(path: "hone").path))
    }

    private static func environment(_ url: String) -> Environment {
        .inherit.updating(["HONE_DATABASE_URL": url, "HONE_HOME": "/nonexistent/hone", "NO_COLOR": "1"])
    }

    struct Ended: Error {
        let how: String
    }
}
