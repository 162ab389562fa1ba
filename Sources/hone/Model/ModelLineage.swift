import ArgumentParser
import HoneCatalog

/// `hone model lineage`: everything that led to a checkpoint, back to its first ancestor.
struct ModelLineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Shows what led to a checkpoint: data, configuration, run, code, measurements and decisions.",
        discussion: """
            Without an id it is of what the model serves, else of its newest checkpoint. The same by SQL, with every
            single prompt: SELECT * FROM hone.lineage(12), hone.lineage_prompts(12).

            EXAMPLES
              hone model lineage tiny
              hone model lineage tiny@12 --json
            """)

    @Argument(help: ArgumentHelp("The model, and the checkpoint's id.", valueName: "name[@id]"))
    var name: CheckpointName

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let entries = try await options.withDatabase { connection in
            guard let id = try await Checkpoints.find(name.checkpoint, of: name.model, in: connection) else {
                throw CommandError.noSuchRow(
                    noun: "model", name: name.checkpoint.map { "\(name.model)@\($0)" } ?? name.model)
            }
            return try await Checkpoints.lineage(of: id, in: connection)
        }
        for entry in entries { try options.console.emit(entry, text: entry.text) }
    }
}
