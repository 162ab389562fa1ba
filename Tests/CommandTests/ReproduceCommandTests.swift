import Foundation
import Testing

/// `hone reproduce` as far as it measures nothing: what it makes of the records that are there.
@Suite struct ReproduceCommandTests {
    private static let gate = """
        {"format": 1, "claim": "gate", "seeds": 2, "date": "2024-05-06T07:08:09Z", "machine": "one of mine",
         "command": "hone-bench gate --prompts 8000 --json", "seconds": 12.4, "remarks": [], "rows": [
           {"name": "loss on a guard, 8000 prompts, churn 10 %", "unit": "% blocked", "values": [99.5, 99.5]},
           {"name": "no loss, 8000 prompts, churn 10 %", "unit": "% blocked", "values": [6, 7]}]}
        """

    @Test func thePageSaysOfEveryRecordWhenWhereAndByWhatItWasMeasuredAndWhyItDoesNotHold() async throws {
        try await withRecords(["gate": Self.gate]) { folder in
            let written = try await HoneProgram.run("reproduce", "--page", "--out", folder.path)
            #expect(written.status == 0, "\(written.errors)")
            let page = try String(contentsOf: folder.appending(path: "reproduce.md"), encoding: .utf8)
            #expect(page.contains("Measured 2024-05-06 07:08:09 UTC on one of mine, 2 seeds, in 12 s by"))
            #expect(page.contains("    hone-bench gate --prompts 8000 --json"))
            #expect(page.contains("| loss on a guard, 8000 prompts, churn 10 % | 99.5 % blocked (99.5 to 99.5) |"))
            #expect(
                page.contains(
                    "Holds: **no**: no loss, 8000 prompts, churn 10 % is 6.5 % blocked (6 to 7), not at most 5."))
            #expect(page.contains("| collapse | A run that breaks down is stopped"))
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: "reproduce/gate.svg").path))
        }
    }

    @Test func aClaimIsMeasuredAnewAndTheOthersStayAsTheyAre() async throws {
        let other = Self.gate.replacing(#""gate""#, with: #""survival""#)
        try await withRecords(["gate": Self.gate, "survival": other]) { folder in
            let measured = try await HoneProgram.run("reproduce", "--only", "gate", "--out", folder.path)
            #expect(measured.status == 0, "\(measured.errors)")
            let page = try String(contentsOf: folder.appending(path: "reproduce.md"), encoding: .utf8)
            #expect(page.components(separatedBy: "2024-05-06 07:08:09").count == 2)
            #expect(page.contains("'differences' was not measured"))
            let kept = try String(contentsOf: folder.appending(path: "reproduce/survival.json"), encoding: .utf8)
            #expect(kept == other)
        }
    }

    @Test(arguments: [
        ("{", "no JSON"), ("{}", "no 'format'"), (gate.replacing("[6, 7]", with: "[]"), "is empty"),
        (gate.replacing(#""format": 1"#, with: #""format": 2"#), "format is 2"),
        (gate.replacing(#""gate""#, with: #""collapse""#), "of the claim 'collapse'"),
        (gate.replacing("12.4", with: #""long""#), "at 'seconds'"),
    ])
    func aDamagedRecordIsOneErrorThatNamesTheFileAndNothingIsWritten(_ text: String, _ reason: String) async throws {
        try await withRecords(["gate": text]) { folder in
            for words in [["--page"], ["--only", "speed"]] {
                try await HoneProgram.run(words: ["reproduce", "--out", folder.path] + words)
                    .expectFailure(saying: "reproduce/gate.json", reason, "hone reproduce --only gate")
            }
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "reproduce.md").path))
        }
    }

    @Test func aClaimThatNeedsAFileIsLeftOutWithItsReason() async throws {
        try await withRecords([:]) { folder in
            let outcome = try await HoneProgram.run("reproduce", "--only", "word-problems,speed", "--out", folder.path)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("word-problems: left out, it needs --word-train"))
            #expect(outcome.output.contains("speed: left out, it needs --python"))
        }
    }

    private static func speed(besideTRL speed: Double?) -> String {
        let names = [
            "train tiny, batch 32 x 64", "PPO tiny, 256 answers of 16 + 32 tokens",
            "PPO tiny, 256 answers of 6-102 + 13-79 tokens",
        ].map { $0 + ", 2 thread(s)" }
        var rows = names.flatMap { [($0, 3000.0), ("\($0), eager PyTorch", 1000.0)] }
        if let speed { rows += names.dropFirst().map { ("\($0), TRL PPOTrainer", speed) } }
        let list = rows.map { #"{"name": "\#($0.0)", "unit": "tokens/s", "values": [\#($0.1), \#($0.1)]}"# }
        return """
            {"format": 1, "claim": "speed", "seeds": 2, "date": "2024-05-06T07:08:09Z", "machine": "one of mine",
             "command": "hone-bench training", "seconds": 12.4, "remarks": [], "rows": [\(list.joined(separator: ","))]}
            """
    }

    @Test(arguments: [
        (nil, "Holds: yes."), (500.0, "| 500 tokens/s (500 to 500), TRL PPOTrainer | 6 times (6 to 6) |"),
        (2000.0, "1.5 times (1.5 to 1.5) that of TRL PPOTrainer, not at least 3 times the control"),
    ])
    func speedIsHeldAgainstTRLWhereItWasMeasuredBesideIt(_ speed: Double?, _ text: String) async throws {
        try await withRecords(["speed": Self.speed(besideTRL: speed)]) { folder in
            let written = try await HoneProgram.run("reproduce", "--page", "--out", folder.path)
            #expect(written.status == 0, "\(written.errors)")
            let page = try String(contentsOf: folder.appending(path: "reproduce.md"), encoding: .utf8)
            #expect(page.contains(text))
            #expect(page.contains("TRL") == (speed != nil))
            #expect(page.contains("| 1000 tokens/s (1000 to 1000), eager PyTorch | 3 times (3 to 3) |"))
        }
    }

    private func withRecords(_ records: [String: String], _ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-reproduce-\(UUID().uuidString)")
        let inner = folder.appending(path: "reproduce")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        for (name, text) in records { try Data(text.utf8).write(to: inner.appending(path: "\(name).json")) }
        try await body(folder)
        try FileManager.default.removeItem(at: folder)
    }
}
