internal import Foundation
internal import HoneModel
internal import HoneTensor
public import HoneTokenizer

extension RewardTrainer {
    private typealias State = CheckpointDirectory.State<RewardConfiguration, Progress>

    private struct Progress: Codable {
        let kind: ScoringModel.Kind
    }

    /// Writes the model with its head, the optimizer, the random generator and the cursor.
    public func writeCheckpoint(to path: String) throws {
        let state = State(
            step: step, configuration: configuration, progress: Progress(kind: model.kind), datasetHash: examples.hash,
            random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try model.save(directory: directory)
            try tokenizer.writeFiles(to: directory)
            try evaluation?.write(directory: directory)
            try Safetensors.write(
                optimizer.stateDictionary(), to: directory + "/" + CheckpointDirectory.optimizerFile)
        }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// The examples must be the same in the same order, and the configuration, where given, be the checkpoint's.
    public static func resume(
        _ path: String, configuration: RewardConfiguration? = nil, examples: RewardExamples,
        heldOut: RewardExamples? = nil, calibrating: RewardExamples? = nil, tokenizer: ByteTokenizer
    ) throws -> RewardTrainer {
        let directory = CheckpointDirectory(path: path)
        let kind = examples.modelKind
        let state = try directory.read(State.self, required: ["\(kind.path).safetensors"])
        try directory.requireSame(state, datasetHash: examples.hash, configuration: configuration)
        let trainer = try RewardTrainer(
            state.configuration, model: ScoringModel.load(kind, directory: path), generator: Generator(seed: 0),
            examples: examples, heldOut: heldOut, calibrating: calibrating, tokenizer: tokenizer)
        try trainer.restore(
            optimizer: Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile),
            random: Tensor(Array(state.random)), step: state.step)
        return trainer
    }
}
