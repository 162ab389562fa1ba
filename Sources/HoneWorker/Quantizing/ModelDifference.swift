import Foundation
import HoneCatalog
import HoneConcurrency
public import HoneEvaluation
import HoneInference
public import HoneModel
import HoneTensor
import HoneTokenizer

/// Two models side by side: the size of their weights, speed, how well they foretell reference solutions, and how many
/// problems they answer.
public struct ModelDifference: Codable, Sendable {
    /// One measure of both.
    public struct Pair: Codable, Sendable {
        public let parent: Double
        public let child: Double
        /// child / parent
        public var ratio: Double { child / parent }

        enum CodingKeys: CodingKey {
            case parent, child, ratio
        }

        init(parent: Double, child: Double) {
            self.parent = parent
            self.child = child
        }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            self.init(
                parent: try values.decode(Double.self, forKey: .parent),
                child: try values.decode(Double.self, forKey: .child))
        }

        public func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(parent, forKey: .parent)
            try values.encode(child, forKey: .child)
            try values.encode(ratio, forKey: .ratio)
        }
    }

    /// Bytes of the weights' files.
    public var byteCount: Pair
    /// Tokens a second by what was measured: `decode_1`, `decode_16`, `decode_64` rows, and `prefill`.
    public var speeds: [String: Pair] = [:]
    /// e to the mean negative log-likelihood of a token of the reference solutions behind their prompts.
    public var perplexity: Pair?
    /// Of the examples that both answered.
    public var accuracy: PairedComparison?
    /// How the child's weights are kept, where that is in fewer bits.
    public var quantization: QuantizationRecord?
    /// What each layer would cost in each precision, where that was measured.
    public var sensitivities: [LayerSensitivity] = []

    enum CodingKeys: String, CodingKey {
        case speeds, perplexity, accuracy, quantization, sensitivities
        case byteCount = "bytes"
    }
}

/// Measures a ``ModelDifference`` of two directories.
struct DifferenceMeasurement: Sendable {
    /// A model's directory.
    struct Side: Sendable {
        let directory: String
        /// Whether it is laid out of a checkpoint of the catalog.
        let isOwn: Bool
    }

    let parent: Side
    let child: Side
    let threads: Int
    let maximumNewTokens: Int
    /// Runs of each speed, of which the fastest counts; parent and child take turns. 0 measures none.
    var speedRuns = 3

    private static let newCount = 32
    private static let promptLength = 32

    /// - Parameters:
    ///   - examples: without any only size and speed are measured
    ///   - onSlice: gets how many answers are there, of both models, and of how many
    /// - Returns: what was found.
    /// - Throws: what reading a model or answering throws, and what `onSlice` does.
    func run(
        on examples: [CutExample], onSlice: (_ done: Int, _ total: Int) async throws -> Void
    ) async throws -> ModelDifference {
        var found = ModelDifference(byteCount: try pair { try Self.byteCount(of: $0) })
        found.quantization = try ModelConfiguration.read(directory: child.directory).quantization
        if speedRuns > 0 { found.speeds = try await offload { Result { try measureSpeeds() } }.get() }
        guard !examples.isEmpty else { return found }
        let models = (
            try await LoadedModel.load(directory: parent.directory, isOwn: parent.isOwn, threads: threads),
            try await LoadedModel.load(directory: child.directory, isOwn: child.isOwn, threads: threads)
        )
        let total = 2 * examples.count
        let ofParent = try await CheckpointEvaluation(
            of: examples, with: models.0, maximumNewTokens: maximumNewTokens
        ) { try await onSlice($0, total) }
        let ofChild = try await CheckpointEvaluation(
            of: examples, with: models.1, maximumNewTokens: maximumNewTokens
        ) { try await onSlice(examples.count + $0, total) }
        found.accuracy = PairedComparison(
            candidate: ofChild.evaluation.outcomes, baseline: ofParent.evaluation.outcomes)
        let lines = try examples.compactMap { try ReferenceLine($0, models.0) }
        found.perplexity = try await offload {
            Result { try pair { try ReferenceLine.perplexity(of: lines, directory: $0, threads: threads) } }
        }.get()
        return found
    }

    private func pair(_ measure: (String) throws -> Double) rethrows -> ModelDifference.Pair {
        ModelDifference.Pair(parent: try measure(parent.directory), child: try measure(child.directory))
    }

    private static func byteCount(of directory: String) throws -> Double {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        // An optimizer's state is none.
        let weights = names.filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
        return try weights.reduce(0) { sum, name in
            let path = URL(filePath: directory + "/" + name).resolvingSymlinksInPath().path
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return sum + Double(size ?? 0)
        }
    }

    /// Nothing where the row engine does not compute one of them.
    private func measureSpeeds() throws -> [String: ModelDifference.Pair] {
        let networks = try [parent, child].map { try CausalLanguageModel.served(directory: $0.directory) }
        let prepared = networks.compactMap { PreparedModel($0) }
        guard prepared.count == 2 else { return [:] }
        Threads.set(intraOp: threads)
        let room = networks[0].configuration.maxPositionCount
        let length = min(Self.promptLength, max(1, room / 2))
        var speeds: [String: ModelDifference.Pair] = [:]
        for batch in [1, 16, 64] {
            let measurements = prepared.map {
                GenerationMeasurement(
                    model: $0, batch: batch, promptLength: length, newCount: 1 + min(Self.newCount, room - length),
                    entry: $0.configuration.cacheEntry)
            }
            var (decode, prefill) = ([0.0, 0.0], [0.0, 0.0])
            for _ in 0...speedRuns {
                for side in 0..<2 {
                    let run = measurements[side].run()
                    decode[side] = max(decode[side], run.decodeSpeed)
                    prefill[side] = max(prefill[side], run.prefillSpeed)
                }
            }
            speeds["decode_\(batch)"] = ModelDifference.Pair(parent: decode[0], child: decode[1])
            if batch == 16 { speeds["prefill"] = ModelDifference.Pair(parent: prefill[0], child: prefill[1]) }
        }
        return speeds
    }
}

/// A reference solution behind its prompt.
private struct ReferenceLine: Sendable {
    let tokens: [Int32]
    let promptCount: Int

    /// Nil where the layout cannot say the solution, or it is longer than the context.
    init?(_ example: CutExample, _ model: LoadedModel) throws {
        let prompt = try model.request(else: example.prompt, maximumNewTokens: 1).prompt
        guard let text = model.completion(of: example) else { return nil }
        let tokens = prompt + model.tokenizer.encode(text)
        let isUsable = !prompt.isEmpty && tokens.count > prompt.count
        guard isUsable, tokens.count <= model.engine.contextLength else { return nil }
        self.tokens = tokens
        promptCount = prompt.count
    }

    static func perplexity(of lines: [ReferenceLine], directory: String, threads: Int) throws -> Double {
        Threads.set(intraOp: threads)
        let model = try CausalLanguageModel.served(directory: directory)
        var (sum, count) = (0.0, 0)
        inferenceMode {
            for first in stride(from: 0, to: lines.count, by: 64) {
                let slice = lines[first..<min(lines.count, first + 64)]
                var (places, targets, start) = ([Int](), [Int](), 0)
                for line in slice {
                    for place in line.promptCount..<line.tokens.count {
                        places.append(start + place - 1)
                        targets.append(Int(line.tokens[place]))
                    }
                    start += line.tokens.count
                }
                let hidden = model.hiddenStates(TokenLine(slice.map(\.tokens)), at: Tensor(places))
                sum += model.logits(hidden).crossEntropy(Tensor(targets), reduction: .sum).item()
                count += targets.count
            }
        }
        return count == 0 ? .nan : exp(sum / Double(count))
    }
}
