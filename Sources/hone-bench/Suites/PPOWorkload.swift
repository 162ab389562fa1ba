import Foundation
import HoneProblems
import HoneTokenizer

/// What an iteration of PPO is asked: prompts, and after how many tokens the answer to each ends. Every side of a
/// comparison ends every answer there, so that all do the same work whatever they draw.
struct PPOWorkload: Sendable, Encodable {
    let prompts: [String]
    let answerLengths: [Int]

    /// Prompts of pseudo-random digits, all of one length, as the answers are.
    static func uniform(count: Int, promptLength: Int, answerLength: Int) -> PPOWorkload {
        let prompts = (0..<count).map { row in
            String((0..<promptLength).map { Character("\((row * 7919 + $0 * 104_729 + 17) % 10)") })
        }
        return PPOWorkload(prompts: prompts, answerLengths: Array(repeating: answerLength, count: count))
    }

    /// Problems of the three levels that the demo's reasoner learns, a third each, and the lengths of their worked
    /// solutions with the end token: what that reasoner writes.
    static func worked(count: Int) throws -> PPOWorkload {
        let problems = try ProblemGenerator(seed: 1, levels: [.arithmetic, .multiStep, .story])
            .distinct(count, split: .train)
        return PPOWorkload(
            prompts: problems.map { $0.prompt + "\n" }, answerLengths: problems.map { $0.completion.utf8.count + 1 })
    }

    /// Such as "256 answers of 16 + 32 tokens".
    var name: String {
        let lengths = [prompts.map(\.utf8.count), answerLengths].map { counts in
            let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
            return least == most ? "\(least)" : "\(least)-\(most)"
        }
        return "\(prompts.count) answers of \(lengths[0]) + \(lengths[1]) tokens"
    }

    /// Writes the file that the peers' scripts read, lends its path, and removes it.
    func withFile<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: "hone-bench-\(UUID().uuidString).json")
        try JSONEncoder().encode(self).write(to: file)
        let result: Result
        do {
            result = try await body(file.path())
        } catch {
            try FileManager.default.removeItem(at: file)
            throw error
        }
        try FileManager.default.removeItem(at: file)
        return result
    }

    private enum Keys: String, CodingKey {
        case prompts, lengths
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        let tokenizer = ByteTokenizer()
        try container.encode(prompts.map { tokenizer.encode($0) }, forKey: .prompts)
        try container.encode(answerLengths, forKey: .lengths)
    }
}
