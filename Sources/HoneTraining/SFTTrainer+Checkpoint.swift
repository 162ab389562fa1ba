internal import Foundation
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

extension SFTTrainer {
    /// Writes everything that `resume` needs, and everything that others need to use the model.
    func writeCheckpoint(to path: String) throws {
        let state = CheckpointDirectory.State(
            step: step, configuration: configuration, datasetHash: set.hash,
            random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try model.save(directory: directory)
            let texts = try [
                "tokenizer.json": tokenizer.tokenizerJSON(),
                "tokenizer_config.json": tokenizer.tokenizerConfigurationJSON(),
            ]
            for (name, text) in texts { try text.write(to: URL(filePath: directory + "/" + name)) }
            try GenerationDefaults(usesCalculator: configuration.usesCalculator).write(
                directory: directory, endToken: tokenizer.endOfTextID, padToken: tokenizer.paddingID)
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
        let state = try directory.read()
        guard state.datasetHash == set.hash else {
            throw directory.fault(
                "was trained on other examples (checksum \(state.datasetHash.prefix(12)), now \(set.hash.prefix(12))); "
                    + "give it the same ones in the same order, or start a new run from its model")
        }
        if let configuration, configuration != state.configuration {
            throw directory.fault("was trained with another configuration; start a new run from its model instead")
        }
        let model = try CausalLanguageModel.load(directory: path)
        let trainer = try SFTTrainer(state.configuration, model: model, tokenizer: tokenizer, set: set)
        try trainer.restore(
            optimizer: Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile),
            random: Tensor(Array(state.random)), step: state.step)
        return trainer
    }
}
