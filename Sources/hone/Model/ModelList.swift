import ArgumentParser
import Foundation
import HoneCatalog

/// `hone model list`: every model with its active checkpoint.
struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the models and the checkpoint that each serves.",
        discussion: """
            EXAMPLES
              hone model list
              hone model list --json
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let models = try await options.withDatabase { try await Models.list(in: $0) }
        try options.console.emit(
            models,
            columns: [
                Column("MODEL") { $0.name },
                Column("ACTIVE", isNumber: true) { $0.activeCheckpoint.map(String.init) ?? "none" },
                Column("SINCE") { $0.activeSince?.ISO8601Format().clockTime ?? "" },
                Column("CHECKPOINTS", isNumber: true) { String($0.checkpointCount) },
                Column("LATEST", isNumber: true) { $0.latestCheckpoint.map(String.init) ?? "" },
            ],
            none: "no models yet; 'hone pipeline run first-reasoner' trains one")
    }
}
