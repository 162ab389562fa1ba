import ArgumentParser
import Foundation
import HoneInference
import HoneModel
import HoneTensor
import HoneTokenizer

/// Answers one JSON object per line about a model directory, for oracles in other languages.
struct ProbeProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Tokens, logits and greedy continuations of a model, JSON lines in and out.",
        discussion: """
              echo '{"op":"greedy","ids":[49,43,49],"new":8}' | hone-bench probe --model DIR

            Operations: tokenize {"text"}, detokenize {"ids"}, greedy {"ids","new"}, logits {"ids","last"}. A line that
            cannot be answered gets {"error"} and the next one is read.
            """)

    @Option(help: "A Hugging Face directory.") var model: String

    func run() throws {
        let probe = Probe(directory: model)
        while let line = readLine() {
            do {
                try printJSONLine(try probe.answer(JSONDecoder().decode(Probe.Question.self, from: Data(line.utf8))))
            } catch {
                try printJSONLine(["error": "\(error)"])
            }
        }
    }
}

/// A model and its tokenizer, ready to answer. Either is read when it is first asked for, so that a directory with one
/// of the two serves too.
final class Probe {
    private let directory: String
    private lazy var network = Result { try CausalLanguageModel.served(directory: directory) }
    private lazy var tokenizer = Result { try BytePairTokenizer(directory: directory) }

    init(directory: String) { self.directory = directory }

    struct Question: Decodable {
        enum Operation: String, Decodable {
            case tokenize, detokenize, greedy, logits
        }

        let op: Operation
        let text: String?
        let ids: [Int32]?
        let new: Int?
        let last: Int?
    }

    struct Answer: Encodable {
        var ids: [Int32]?
        var text: String?
        var new: [Int64]?
        var logits: [[Float]]?
    }

    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    func answer(_ question: Question) throws -> Answer {
        switch question.op {
        case .tokenize:
            guard let text = question.text else { throw Fault(description: "'tokenize' needs \"text\"") }
            let tokenizer = try tokenizer.get()
            let ids = tokenizer.encode(text, parsingSpecialTokens: true)
            return Answer(ids: tokenizer.prefixTokens + ids + tokenizer.suffixTokens)
        case .detokenize:
            return Answer(text: try tokenizer.get().decode(question.ids ?? []))
        case .greedy:
            guard let count = question.new, count > 0 else {
                throw Fault(description: "'greedy' needs \"new\" above 0")
            }
            return Answer(new: greedy(try network.get(), try ids(of: question), count: count))
        case .logits:
            return Answer(logits: try lastLogits(network.get(), ids(of: question), count: question.last ?? 1))
        }
    }

    private func ids(of question: Question) throws -> [Int32] {
        guard let ids = question.ids, !ids.isEmpty else { throw Fault(description: "\"ids\" is missing or empty") }
        let limit = Int32(try network.get().configuration.vocabularySize)
        if let bad = ids.first(where: { !(0..<limit).contains($0) }) {
            throw Fault(description: "id \(bad) is outside the vocabulary of \(limit)")
        }
        return ids
    }

    private func greedy(_ network: CausalLanguageModel, _ ids: [Int32], count: Int) -> [Int64] {
        inferenceMode {
            let cache = KVCache(network.configuration, rowCapacity: 1, tokenCapacity: ids.count + count)
            var next_B = network.prefill(TokenLine([ids]), cache: cache).argmax(dim: -1)
            var new = [next_B.item(Int64.self)]
            while new.count < count {
                next_B = network.decode(next_B, cache: cache).argmax(dim: -1)
                new.append(next_B.item(Int64.self))
            }
            return new
        }
    }

    private func lastLogits(_ network: CausalLanguageModel, _ ids: [Int32], count: Int) throws -> [[Float]] {
        guard (1...ids.count).contains(count) else {
            throw Fault(description: "\"last\" is \(count) for \(ids.count) ids")
        }
        return inferenceMode {
            let logits_TV = network(Tensor(ids.map { Int64($0) }).view(1, ids.count)).squeeze(0)
            return (ids.count - count..<ids.count).map {
                logits_TV.select(0, $0).contiguous().toArray(Float.self)
            }
        }
    }
}
