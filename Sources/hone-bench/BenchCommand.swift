import ArgumentParser
import Foundation
import HoneTensor

/// Measurements: single ones for scripts, and suites that set the project beside its peers.
@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hone-bench",
        abstract: "Measures the queue, training, generation, the gate and survival, beside a peer or a physical limit.",
        discussion: """
            A suite prints a table; with --json its last line is the same as one JSON object.

              hone-bench queue
              hone-bench training --python python3
              hone-bench train --model DIR --batch 32 --length 128
            """,
        subcommands: [
            QueueSuite.self, BatchFileSuite.self, RecordSuite.self, TrainingSuite.self, InferenceSuite.self,
            StructuredSuite.self, DraftSuite.self, KernelSuite.self, AttentionSuite.self, QuantizationSuite.self,
            GateSuite.self, PPOLearningSuite.self, RLHFSuite.self, CurriculumSuite.self, SurvivalSuite.self,
            ContinualSuite.self, LongTailSuite.self, WordProblemSuite.self, RolloutSuite.self, RoutingSuite.self,
            TrainProgram.self, GenerateProgram.self, PPOProgram.self, ProbeProgram.self, MemoryProgram.self,
            ReproduceProgram.self,
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
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            FileHandle(fileDescriptor: code.isSuccess ? 1 : 2).write(Data((text + "\n").utf8))
            Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }
}
