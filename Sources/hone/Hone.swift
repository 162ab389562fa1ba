import ArgumentParser
import Foundation

/// The command line: one subcommand a file, a folder per noun. Links no libtorch, so that it starts in milliseconds;
/// what computes is handed over to `hone-worker`.
@main
struct Hone: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hone",
        abstract: "Runs reasoning jobs on a fleet of workers and retrains the model that answers them.",
        discussion: """
            EXAMPLES
              hone dev                         a private PostgreSQL and a worker
              hone enqueue reason --payload '{"model":"tiny","prompt":"3+4*2=?"}'
              hone jobs list --state failed
              hone pipeline run first-reasoner

            The database is the one of --database-url, else HONE_DATABASE_URL, else the private one of 'hone dev'.
            Exit status: 0 done, 1 failed, 2 wrong usage.
            Shell completions: hone --generate-completion-script bash|zsh|fish
            """,
        groupedSubcommands: [
            CommandGroup(name: "SETTING UP", subcommands: [Dev.self, Doctor.self, Migrate.self]),
            CommandGroup(
                name: "JOBS",
                subcommands: [
                    Enqueue.self, BatchCommand.self, Jobs.self, Work.self, PipelineCommand.self, ScheduleCommand.self,
                ]),
            CommandGroup(
                name: "DATA AND MODELS",
                subcommands: [
                    Ingest.self, DatasetCommand.self, LabelCommand.self, ModelCommand.self,
                ]),
            CommandGroup(
                name: "COMPUTING", subcommands: [Generate.self, Tokenize.self, Evaluate.self, Reproduce.self]),
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asyncCommand = command as? any AsyncParsableCommand {
                try await asyncCommand.run()
            } else {
                try command.run()
            }
        } catch {
            leave(after: error)
        }
    }

    /// Prints the error where it belongs and leaves with the house's exit status.
    private static func leave(after error: any Error) -> Never {
        let code = exitCode(for: error)
        if code.isSuccess {
            print(fullMessage(for: error))
            Foundation.exit(0)
        }
        if code == .validationFailure {
            Console.complain(fullMessage(for: error))
            Foundation.exit(2)
        }
        if !(error is ExitCode) { Console.complain("hone: \(Sentence(error))") }
        Foundation.exit(code.rawValue)
    }
}
