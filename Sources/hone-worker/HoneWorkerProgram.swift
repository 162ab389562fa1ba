import ArgumentParser
import Foundation
import HoneTensor

/// The program that computes: it works off the queue, and carries out the commands that `hone` hands over.
@main
struct HoneWorkerProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hone-worker",
        abstract: "Runs jobs from the queue, and computes for the commands of 'hone'.",
        discussion: "Exit status: 0 done, 1 failed, 2 wrong usage.",
        subcommands: [
            WorkCommand.self, GenerateCommand.self, TokenizeCommand.self, EvaluateCommand.self, VerifyCommand.self,
            ImportCommand.self, ExportCommand.self, QuantizeCommand.self, DiffCommand.self,
            CheckPipelineCommand.self,
        ])

    static func main() async {
        Torch.prepareProcess()
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
            complain(fullMessage(for: error))
            Foundation.exit(2)
        }
        if !(error is ExitCode) { complain("hone-worker: \(error)") }
        Foundation.exit(code.rawValue)
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
