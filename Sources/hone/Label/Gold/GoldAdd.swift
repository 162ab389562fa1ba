import ArgumentParser
import Foundation
import HoneFeedback

/// `hone label gold add`: gold questions out of a file.
struct GoldAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Makes gold questions of a file as 'hone label export' writes it, all of it or nothing.",
        discussion: """
            EXAMPLES
              hone label gold add expert.jsonl
              hone label export | grep '"labeller": "erna"' | hone label gold add /dev/stdin

            Each line's judgement is the known answer. Questions that are there already are passed over.
            """)

    @Argument(help: "The file, in JSON lines.", completion: .file())
    var file: String

    @OptionGroup var audience: GoldAudience
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let made = try await options.withPool { pool in
            try await GoldQuestions.add(
                file: URL(filePath: file), askedOf: audience.source, labellers: audience.labellers, using: pool)
        }
        let line = NewGoldLine(questions: made)
        try options.console.emit(line, text: line.text)
    }
}
