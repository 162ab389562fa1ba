import Foundation
import HonePostgres
import HoneTesting
import Testing

/// The commands that `hone` hands over, as the real program.
@Suite(.temporaryDatabase) struct ComputingCommandTests {
    @Test func aServedModelTokenizesGeneratesAndIsMeasured() async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        _ = try await TinyModel.start(in: database.pool)
        try await worker.runUntilIdle()
        let environment = ["HONE_DATABASE_URL": database.url, "HONE_ARTIFACTS": worker.artifacts.path]

        let ids = try WorkerProcess(["tokenize", "--model", "tiny"], environment: environment, input: "3+4=7")
        #expect(await ids.printed == "51 43 52 61 55\n")
        let text = try WorkerProcess(
            ["tokenize", "--model", "tiny", "--decode"], environment: environment, input: "51 43 52\n")
        #expect(await text.printed == "3+4")

        let prompts = worker.artifacts.appending(path: "prompts.jsonl")
        try Data((#"{"id": "a", "prompt": "1+1=?"}"# + "\n").utf8).write(to: prompts)
        let generation = try WorkerProcess(
            [
                "generate", "--model", "tiny", "--prompts", prompts.path, "--out", "-", "--max-new-tokens", "3",
                "--logprobs",
            ],
            environment: environment)
        let answer = try JSONDecoder().decode(Answer.self, from: Data(await generation.printed.utf8))
        #expect(answer.id == "a" && answer.tokenIDs.count == 3 && answer.tokenLogProbs.count == 3)

        try await answersTakeTheirFilesPlaceOnlyWhenAllAreThere(in: worker.artifacts, environment)

        let evaluation = try WorkerProcess(
            ["evaluate", "--model", "tiny", "--dataset", "tiny", "--limit", "4", "--max-new-tokens", "4", "--json"],
            environment: environment)
        #expect(await evaluation.printed.contains(#""example_count":4"#))
    }

    private func answersTakeTheirFilesPlaceOnlyWhenAllAreThere(
        in folder: URL, _ environment: [String: String]
    ) async throws {
        let (prompts, out) = (folder.path + "/broken.jsonl", folder.path + "/answers.jsonl")
        let lines = #"{"id": "a", "prompt": "1+1=?"}"# + "\n" + #"{"id": "b"}"# + "\n"
        try lines.write(toFile: prompts, atomically: false, encoding: .utf8)
        try "kept".write(toFile: out, atomically: false, encoding: .utf8)
        let arguments = ["generate", "--model", "tiny", "--prompts", prompts, "--max-new-tokens", "3", "--out"]
        let broken = try WorkerProcess(arguments + [out], environment: environment)
        #expect(await broken.status == 1)
        #expect(broken.complaints.contains("broken.jsonl:2"))
        #expect(try String(contentsOfFile: out, encoding: .utf8) == "kept")
        let onto = try WorkerProcess(arguments + [prompts], environment: environment)
        #expect(await onto.status == 1)
        #expect(onto.complaints.contains("is the file of prompts"))
        #expect(try String(contentsOfFile: prompts, encoding: .utf8) == lines)
        #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
    }

    private struct Answer: Decodable {
        let id: String
        let tokenIDs: [Int]
        let tokenLogProbs: [Float]

        enum CodingKeys: String, CodingKey {
            case id
            case tokenIDs = "token_ids"
            case tokenLogProbs = "token_logprobs"
        }
    }

    @Test(arguments: [
        (["generate", "--model", "nix", "--prompts", "-", "--out", "-"], Int32(1), "there is no model nix"),
        (["generate", "--model", "nix", "--prompts", "-", "--out", "-", "--top-p", "2"], 2, "--top-p"),
        (["work", "--database-url", "nonsense://x"], 1, "database URL"),
        (["work", "--device", "tpu"], 2, "--device tpu"),
    ])
    func whatCannotBeDoneIsSaidInASentence(_ arguments: [String], status: Int32, says: String) async throws {
        let worker = try WorkerProcess(
            arguments, environment: ["HONE_DATABASE_URL": TemporaryDatabase.current.url, "HONE_ARTIFACTS": "/tmp"])
        #expect(await worker.status == status)
        #expect(worker.complaints.contains(says), "\(worker.complaints)")
    }
}
