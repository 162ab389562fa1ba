import ArgumentParser
import Foundation
import HoneTokenizer
import HoneWorker

/// `hone-worker tokenize`: text on standard input, token ids out, or back.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Turns text on standard input into token ids, or back.",
        discussion: """
            EXAMPLES
              printf '3+4=7' | hone tokenize --model tiny
              echo '51 43 52' | hone tokenize --model tiny --decode
            """)

    @OptionGroup var source: ModelOptions

    @Flag(help: "Read token ids and print their text.")
    var decode = false

    func run() async throws {
        let tokenizer = try await source.loadTokenizer()
        let input = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        guard decode else {
            print(tokenizer.encode(input).map(String.init).joined(separator: " "))
            return
        }
        let ids = try input.split { $0.isWhitespace || $0 == "," }.map { word in
            guard let id = Int32(word), (0..<Int32(tokenizer.vocabularySize)).contains(id) else {
                throw ValidationError(
                    "'\(word)' is not a token of this model: ids go from 0 to "
                        + "\(tokenizer.vocabularySize - 1).")
            }
            return id
        }
        FileHandle.standardOutput.write(Data(tokenizer.decode(ids).utf8))
    }
}
