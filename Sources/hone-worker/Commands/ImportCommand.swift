import ArgumentParser
import Foundation
import HoneModel
import HonePostgres
import HoneWorker

/// `hone-worker import`: takes a Hugging Face directory into the catalog, for `hone model import`.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes a Hugging Face directory of a Llama, Qwen2 or Qwen3 model into the catalog.",
        discussion: """
            The directory is checked whole before anything is recorded: a field of its files that would change the
            result and that Hone does not follow is an error with its name. docs/models.md lists what is followed.

            EXAMPLES
              hone model import ./Qwen2.5-0.5B-Instruct --name qwen
              hone model import ./Llama-3.2-1B --name llama --layout text --json
            """)

    @Argument(help: ArgumentHelp("The directory.", valueName: "directory"))
    var directory: String

    @Option(help: ArgumentHelp("The model's name in the catalog.", valueName: "name"))
    var name: String

    @Option(help: "chat: a prompt is a turn of a conversation, laid out by the chat template; text: it is a text.")
    var layout: Layout?

    @Option(name: .customLong("database-url"), help: ArgumentHelp("The catalog's database.", valueName: "url"))
    var databaseURL: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    enum Layout: String, ExpressibleByArgument, CaseIterable {
        case chat, text

        var answerLayout: AnswerLayout { self == .chat ? .chat : .text }
    }

    func run() async throws {
        let pool = try Surroundings.pool(databaseURL: databaseURL, connectionCount: 1)
        defer { pool.close() }
        let imported = try await ModelImport(pool: pool, store: Surroundings.artifacts()).run(
            directory: directory, name: name, layout: layout?.answerLayout)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(imported), as: UTF8.self))
            return
        }
        print(
            "checkpoint \(imported.checkpoint) of model \(imported.model): \(imported.kind) with "
                + "\(imported.parameters) parameters, prompts as \(imported.layout)")
        for note in imported.notes { HoneWorkerProgram.complain("note: \(note)") }
    }
}
