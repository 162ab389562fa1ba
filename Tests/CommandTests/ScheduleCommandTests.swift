import Foundation
import HoneTesting
import Testing

private struct Listed: Decodable {
    struct Last: Decodable {
        let outcome: String
        let run: Int64?
    }

    let pipeline: String
    let cron: String
    let pausedBy: String?
    let last: Last?
}

@Suite(.temporaryDatabase) struct ScheduleCommandTests {
    @Test func aScheduleIsPutIntoForcePausedAndTriggered() async throws {
        let url = try TemporaryDatabase.current.url
        let file = FileManager.default.temporaryDirectory.appending(path: "hone-schedule-\(UUID().uuidString).yaml")
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        let yaml = """
            name: nightly
            schedule: {cron: "0 3 * * *", only_if: {new_labels: 5}}
            stages: [{name: only, kind: noop}]
            """
        try yaml.write(to: file, atomically: true, encoding: .utf8)
        let none = try await HoneProgram.run("schedule", "list", database: url)
        #expect(none.output + none.errors == "no schedules; write one under 'schedule' in a pipeline's file\n")
        let resumed = try await HoneProgram.run("schedule", "resume", file.path, database: url)
        #expect(resumed.output.hasPrefix("nightly is due next at "), "\(resumed.errors)")
        #expect(resumed.output.contains("T03:00:00Z"))
        let paused = try await HoneProgram.run("schedule", "pause", "nightly", database: url)
        #expect(paused.output == "the schedule of nightly is paused\n")
        let triggered = try await HoneProgram.run("schedule", "trigger", "nightly", database: url)
        #expect(triggered.output == "run 1 of nightly\n", "\(triggered.errors)")
        let listed = try await HoneProgram.run("schedule", "list", "--json", database: url).rows(Listed.self)
        #expect(listed.map(\.pipeline) == ["nightly"] && listed.map(\.cron) == ["0 3 * * *"])
        #expect(listed.first?.pausedBy != nil && listed.first?.last?.run == 1)
        let status = try await HoneProgram.run("pipeline", "status", "1", database: url)
        #expect(status.output.hasPrefix("run 1 of nightly: pending, by 'hone schedule trigger'"), "\(status.output)")
        try await HoneProgram.run("schedule", "pause", "daily", database: url)
            .expectFailure(saying: "pipeline 'daily' has no schedule", "Those that have one are: nightly")
    }
}
