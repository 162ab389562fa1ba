internal import Foundation
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

extension DirectPreferenceTrainer {
    private typealias State = CheckpointDirectory.State<DirectPreferenceConfiguration, Progress>

    private struct Progress: Codable {
        let referenceHash: String

        enum CodingKeys: String, CodingKey {
            case referenceHash = "reference_sha256"
        }
    }

    /// Writes the policy, the optimizer, the cursor and the hash of the model that the run started from.
    public func writeCheckpoint(to path: String) throws {
        let state = State(
            step: step, configuration: configuration, progress: Progress(referenceHash: referenceHash),
            datasetHash: pairs.hash, random: Data(), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try policy.save(directory: directory)
            try tokenizer.writeFiles(to: directory)
            try Safetensors.write(
                optimizer.stateDictionary(), to: directory + "/" + CheckpointDirectory.optimizerFile)
        }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// - Parameters:
    ///   - path: the checkpoint
    ///   - reference: the model that the run started from; it is not in the checkpoint, and its hash is
    ///   - configuration: the checkpoint's, where given
    ///   - pairs: the same in the same order
    ///   - tokenizer: of both models
    /// - Returns: the trainer, after the checkpoint's step
    /// - Throws: `TrainingError.checkpoint` where anything is damaged or belongs to another run.
    public static func resume(
        _ path: String, reference: CausalLanguageModel, configuration: DirectPreferenceConfiguration? = nil,
        pairs: [AnswerPair], tokenizer: ByteTokenizer
    ) throws -> DirectPreferenceTrainer {
        let directory = CheckpointDirectory(path: path)
        let state = try directory.read(State.self)
        let trainer = try DirectPreferenceTrainer(
            state.configuration, policy: .load(directory: path), reference: reference, pairs: pairs,
            tokenizer: tokenizer)
        guard trainer.referenceHash == state.progress?.referenceHash else {
            throw directory.fault("was measured to another reference; give it the model that the run started from")
        }
        try directory.requireSame(state, datasetHash: trainer.pairs.hash, configuration: configuration)
        try trainer.restore(
            optimizer: Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile), step: state.step)
        return trainer
    }
}
