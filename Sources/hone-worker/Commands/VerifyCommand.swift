import ArgumentParser
import Foundation
import HoneWorker

/// `hone-worker verify`: the exact checker as a verifier in a process of its own.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verifies answers, a line of JSON each, as workers ask their verifier.",
        discussion: """
            It says {"ready": true}, and then a line {"verdict": …, "reason": …} for each line {"prompt": …,
            "completion": …, "reference": …} that it reads. A verdict is correct, wrong or unscorable. Another
            program that does the same may take its place: 'hone-worker work --verifier COMMAND'.

              echo '{"prompt": "1+1=?", "completion": "#### 2", "reference": "2"}' | hone-worker verify
            """)

    func run() throws {
        try say(["ready": true])
        while let line = readLine() {
            let question: VerifierQuestion
            do {
                question = try JSONDecoder().decode(VerifierQuestion.self, from: Data(line.utf8))
            } catch {
                throw ValidationError("this line is no question: \(line.prefix(200))")
            }
            try say(question.exactFinding)
        }
    }

    private func say(_ value: some Encodable) throws {
        try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(value) + Data("\n".utf8))
    }
}
