internal import Foundation
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

extension SFTTrainer {
    private typealias State = CheckpointDirectory.State<SFTConfiguration, NoProgress>

    /// Such a run carries nothing from step to step.
    private struct NoProgress: Codable {}

    /// Writes everything that `resume` needs, and everything that others need to use the model.
    func writeCheckpoint(to path: String) throws {
        let state = State(
            step: step, configuration: configuration, datasetHash: set.hash,
            random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try model.save(directory: directory)
            try tokenizer.writeFiles(to: directory, configuration.generationDefaults)
            try Safetensors.write(
                optimizer.stateDictionary(), to: directory + "/" + CheckpointDirectory.optimizerFile)
        }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// The set must hold the same examples in the same order, and the configuration, where given, be the checkpoint's.
    static func resume(
        _ path: String, configuration: SFTConfiguration?, tokenizer: ByteTokenizer, set: TrainingSet
    ) throws -> SFTTrainer {
        let directory = CheckpointDirectory(path: path)
        let state = try directory.read(State.self)
        try directory.requireSame(state, datasetHash: set.hash, configuration: configuration)
        let model = try CausalLanguageModel.load(directory: path)
        let trainer = try SFTTrainer(state.configuration, model: model, tokenizer: tokenizer, set: set)
        try trainer.restore(
            optimizer: Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile),
            random: Tensor(Array(state.random)), step: state.step)
        return trainer
    }
}

extension SFTConfiguration {
    /// What checkpoints say about answering.
    fileprivate var generationDefaults: GenerationDefaults {
        GenerationDefaults(usesCalculator: usesCalculator, layout: layout)
    }
}

extension ByteTokenizer {
    /// Writes the files beside a model from which Hugging Face's libraries read the tokenizer and how to generate.
    func writeFiles(to directory: String, _ defaults: GenerationDefaults = GenerationDefaults()) throws {
        let texts = try [
            "tokenizer.json": tokenizerJSON(), "tokenizer_config.json": tokenizerConfigurationJSON(),
        ]
        for (name, text) in texts { try text.write(to: URL(filePath: directory + "/" + name)) }
        try defaults.write(directory: directory, endToken: endOfTextID, padToken: paddingID)
    }
}
