import Foundation
import Testing

@testable import HoneTraining

/// The file that vouches for a checkpoint's others.
@Suite struct CheckpointSealTests {
    private func withState(_ body: (_ directory: String, _ file: URL) async throws -> Void) async throws {
        try await withTemporaryDirectory { root in
            let session = try await TrainingSession.start(
                Fixture.configuration(steps: 1), examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
            try await session.run(checkpointsIn: root)
            let directory = root + "/step-000001"
            try await body(directory, URL(filePath: directory + "/training_state.json"))
        }
    }

    private func resume(_ directory: String) async throws {
        _ = try await TrainingSession.resume(directory, examples: Fixture.sums(), tokenizer: Fixture.tokenizer)
    }

    @Test func `another spelling of the same state is damage`() async throws {
        try await withState { directory, file in
            let text = try String(contentsOf: file, encoding: .utf8)
            let changed = text.replacing("1e-08", with: "1E-08", maxReplacements: 1)
            try #require(changed != text)
            try changed.write(to: file, atomically: true, encoding: .utf8)
            let error = await #expect(throws: TrainingError.self) { try await resume(directory) }
            guard case .damagedCheckpoint? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `a checkpoint of a newer program is refused by its format, and stays as it is`() async throws {
        try await withState { directory, file in
            let text = try String(contentsOf: file, encoding: .utf8)
            let newer = text.replacing("\"format\" : 1", with: "\"format\" : 2")
                .replacing(/"state_sha256" : "[0-9a-f]*"/, with: "\"state_sha256\" : \"\"")
            let sealed = CheckpointSeal.close(Data(newer.utf8))
            try sealed.write(to: file)
            let error = await #expect(throws: TrainingError.self) { try await resume(directory) }
            let message = "\(try #require(error))"
            #expect(message.contains("was written by a newer Hone"), "\(message)")
            #expect(try Data(contentsOf: file) == sealed)
        }
    }
}
