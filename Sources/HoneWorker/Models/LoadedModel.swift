import Foundation
import HoneConcurrency
public import HoneInference
import HoneModel
public import HoneTokenizer

/// A model ready to answer: its engine and the tokenizer that it was trained with.
public struct LoadedModel: Sendable {
    public let engine: GenerationEngine
    public let tokenizer: any Tokenizer
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?
    private let defaults: GenerationDefaults

    /// Reads a directory in the Hugging Face form; `threads` work inside one operator.
    public static func load(
        directory: String, checkpoint: Int64? = nil, limits: GenerationLimits = GenerationLimits(), threads: Int
    ) async throws -> LoadedModel {
        try await offload {
            Result {
                let tokenizer = try tokenizer(directory: directory)
                let engine = GenerationEngine(
                    model: try CausalLanguageModel.load(directory: directory), tokenizer: tokenizer, limits: limits,
                    threads: threads)
                return LoadedModel(
                    engine: engine, tokenizer: tokenizer, checkpoint: checkpoint,
                    defaults: try GenerationDefaults.read(directory: directory))
            }
        }.get()
    }

    /// The tokenizer of a directory in the Hugging Face form.
    public static func tokenizer(directory: String) throws -> ByteTokenizer {
        try ByteTokenizer(contentsOf: directory + "/tokenizer.json")
    }

    /// A prompt as the model is to see it. A model of Hone's own was trained with its layout; any other gets the text
    /// as it is.
    func request(
        _ prompt: String, maximumNewTokens: Int, sampling: SamplingParameters = .greedy, stopTexts: [String] = []
    ) -> GenerationRequest {
        GenerationRequest(
            prompt: tokenizer.encode(checkpoint == nil ? prompt : ReasoningLayout.prompt(prompt)),
            maximumNewTokens: maximumNewTokens, sampling: sampling, stopTexts: stopTexts,
            usesCalculator: defaults.usesCalculator)
    }
}
