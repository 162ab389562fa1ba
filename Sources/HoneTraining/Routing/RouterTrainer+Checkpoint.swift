internal import Foundation
internal import HoneModel
internal import HoneTensor
public import HoneTokenizer

extension RouterTrainer {
    private typealias State = CheckpointDirectory.State<RouterConfiguration, Progress>

    private struct Progress: Codable {
        let paths: [RoutePath]
    }

    /// Writes the model as it was, its exit and the router, the optimizer, the random generator and the cursor.
    public func writeCheckpoint(to path: String) throws {
        let state = State(
            step: step, configuration: configuration, progress: Progress(paths: router.paths),
            datasetHash: examples.hash, random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try model.save(directory: directory)
            try tokenizer.writeFiles(to: directory, defaults)
            try parts.save(directory: directory)
            try Safetensors.write(
                optimizer.stateDictionary(), to: directory + "/" + CheckpointDirectory.optimizerFile)
        }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// The examples must be the same in the same order, and the configuration, where given, be the checkpoint's.
    public static func resume(
        _ path: String, configuration: RouterConfiguration? = nil, examples: [RouterExample],
        tokenizer: ByteTokenizer
    ) throws -> RouterTrainer {
        let directory = CheckpointDirectory(path: path)
        let state = try directory.read(State.self, required: [RoutingParts.routerFile])
        try directory.requireSame(state, datasetHash: examples.hash, configuration: configuration)
        let trainer = try RouterTrainer(
            state.configuration, directory: path, examples: examples, tokenizer: tokenizer)
        try trainer.restore(
            optimizer: Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile),
            random: Tensor(Array(state.random)), step: state.step)
        return trainer
    }

    /// Starts from a model's directory.
    ///
    /// - Throws: `TrainingError.noExamples` for one without an early exit.
    public convenience init(
        _ configuration: RouterConfiguration, directory: String, examples: [RouterExample], tokenizer: ByteTokenizer
    ) throws {
        let model = try CausalLanguageModel.load(directory: directory)
        guard let parts = try RoutingParts.read(directory: directory, for: model.configuration) else {
            throw TrainingError.configuration(
                key: "early_exit",
                reason: "is not in the checkpoint to start from, and a router chooses between an exit and the end; "
                    + "train one by train.sft")
        }
        try self.init(
            configuration, model: model, parts: parts, defaults: GenerationDefaults.read(directory: directory),
            examples: examples, tokenizer: tokenizer)
    }
}
