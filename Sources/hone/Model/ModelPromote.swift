import ArgumentParser
import HoneCatalog

/// `hone model promote`: serves a checkpoint that passed its gate; the database refuses any other.
struct ModelPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Serves a checkpoint that has passed its gate, for all jobs or a share of them.",
        discussion: """
            A canary answers its share until it, or another checkpoint, is promoted, or until 'hone model rollback'.

            EXAMPLES
              hone model promote tiny@12
              hone model promote tiny@12 --canary 10       a tenth of the jobs, the others as before
            """)

    @Argument(
        help: ArgumentHelp("The model and the checkpoint's id; 'hone model show' lists them.", valueName: "name@id"))
    var name: CheckpointName

    @Option(help: "The checkpoint's id, where NAME alone is given.")
    var checkpoint: Int64?

    @Option(help: ArgumentHelp("Only so many of a hundred jobs.", valueName: "percent"))
    var canary: Int?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if name.checkpoint != nil, checkpoint != nil {
            throw ValidationError("Name the checkpoint once: as \(name.model)@ID or with --checkpoint.")
        }
        if checkpoint == nil { _ = try name.required() }
        if let canary, !(1...99).contains(canary) {
            throw ValidationError("--canary must be between 1 and 99; without it all jobs are answered.")
        }
    }

    func run() async throws {
        let id = if let checkpoint { checkpoint } else { try name.required() }
        let served = try await options.withDatabase { connection in
            if let canary {
                try await Promotions.startCanary(id, of: name.model, percent: canary, in: connection)
            } else {
                try await Promotions.promote(id, of: name.model, in: connection)
            }
            return try await Checkpoints.active(name.model, in: connection)
        }
        let active = served.first.map { ActiveCheckpoint($0) } ?? ActiveCheckpoint(model: name.model, checkpoint: id)
        try options.console.emit(active, text: active.text)
    }
}
