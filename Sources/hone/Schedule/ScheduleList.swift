import ArgumentParser
import Foundation
import HonePipeline

/// `hone schedule list`: when each pipeline runs next, and what came of the last time.
struct ScheduleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the schedules, when each is due, and what came of the last time.",
        discussion: """
            EXAMPLES
              hone schedule list
              hone schedule list --json | jq .next_at
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let schedules = try await options.withDatabase { try await Schedules.list(in: $0) }
        try options.console.emit(
            schedules,
            columns: [
                Column("PIPELINE") { $0.pipeline }, Column("CRON") { $0.cron },
                Column("NEXT") { $0.pausedAt == nil ? $0.nextAt.ISO8601Format() : "paused by \($0.pausedBy ?? "")" },
                Column("LAST") { $0.last?.at.ISO8601Format() ?? "" },
                Column("OUTCOME") { $0.last.map(Self.outcome) ?? "" },
            ],
            none: "no schedules; write one under 'schedule' in a pipeline's file")
    }

    private static func outcome(_ firing: ScheduleFiring) -> String {
        let missed = firing.missed == 0 ? "" : " (for \(firing.missed) missed before it too)"
        return (firing.run.map { "run \($0)" } ?? "\(firing.outcome): \(firing.reason)") + missed
    }
}
