public import HoneModel
public import HoneTokenizer
import Foundation
import HoneConcurrency

/// A network with the tokenizer that it was trained with.
public struct LoadedModel: Sendable {
    public let network: CausalLanguageModel
    public let tokenizer: any Tokenizer
    /// The checkpoint that it is; nil if it was read from a directory of somebody else's.
    public let checkpoint: Int64?

    /// Reads a directory in the Hugging Face form.
    public static func load(directory: String, checkpoint: Int64? = nil) async throws -> LoadedModel {
        try await offload {
            Result {
                LoadedModel(
                    network: try CausalLanguageModel.load(directory: directory),
                    tokenizer: try tokenizer(directory: directory), checkpoint: checkpoint)
            }
        }.get()
    }

    /// The prompt as the model is to see it. A model of Hone's own was trained with its layout; any other gets the
    /// text as it is.
    func layout(_ prompt: String) -> String {
        checkpoint == nil ? prompt : ReasoningLayout.prompt(prompt)
    }
}
