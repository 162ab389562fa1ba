import ArgumentParser
import Foundation
import HonePipeline
import HonePostgres

/// `hone pipeline status`: a run and its stages.
struct PipelineStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the stages of a run, by default of the latest one.",
        discussion: """
            EXAMPLES
              hone pipeline status
              hone pipeline status 7 --json
              hone pipeline status 7 --follow
              hone pipeline status --follow --json | jq .state

            With --follow it is live until the run ends: a block that is redrawn on a terminal, otherwise a line for
            each change (with --json an object). Ctrl-C only stops following. Exit status 1 if a stage does not succeed.
            """)

    @Argument(help: "The run's id.")
    var runID: Int64?

    @Flag(help: "Go on showing it until it ends.")
    var follow = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let status = try await options.withDatabase { connection in
            let now = try await current(on: connection)
            guard follow else { return now }
            var follower = RunFollower(isSilent: options.json)
            return try await follower.follow(now.id, on: connection) { changed in
                if options.json { try options.console.emit(changed, text: changed.text) }
                fflush(nil)
            }
        }
        try options.console.emit(status, text: status.text)
        if follow, status.state != "succeeded" { throw ExitCode.failure }
    }

    private func current(on connection: PostgresConnection) async throws -> RunStatus {
        if let runID { return try await PipelineRuns.status(of: runID, in: connection) }
        guard let latest = try await PipelineRuns.latest(1, in: connection).first else {
            throw CommandError.nothingHasRun
        }
        return latest
    }
}

extension RunStatus {
    var text: String {
        let origin = codeVersion.map { ", started by code \($0)" } ?? ""
        return "run \(id) of \(pipeline): \(state)\(scheduled)\(origin)\n"
            + Table(columns: StageStatus.columns).text(stages)
    }

    private var scheduled: String {
        switch (schedule, dueAt) {
        case ("cron", let due?): ", due at \(due.ISO8601Format())"
        case ("trigger", _): ", by 'hone schedule trigger'"
        default: ""
        }
    }

    var lines: [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
