internal import Foundation
internal import HoneModel
internal import HoneTensor
internal import HoneTokenizer

extension SFTTrainer {
    fileprivate typealias State = CheckpointDirectory.State<SFTConfiguration, Progress>

    /// What a run carries from step to step besides weights and optimizer.
    fileprivate struct Progress: Codable {
        /// Nil in runs without a schedule of levels.
        let sampler: CurriculumSampler.State?
    }

    private static let adapterFile = "adapters.safetensors"
    private static let averageFile = "average.safetensors"

    /// Writes everything that `resume` needs, and everything that others need to use the model.
    func writeCheckpoint(to path: String) throws {
        let state = State(
            step: step, configuration: configuration, progress: sampler.map { Progress(sampler: $0.state) },
            datasetHash: dataHash,
            random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try (configuration.adapters == nil ? model : model.merged()).save(directory: directory)
            try tokenizer.writeFiles(to: directory, configuration.generationDefaults)
            if let exit { try RoutingParts(exit: exit).save(directory: directory) }
            try Safetensors.write(
                optimizer.stateDictionary(), to: directory + "/" + CheckpointDirectory.optimizerFile)
            let adapters = Dictionary(
                uniqueKeysWithValues: model.adapterParameters.map { ($0.name, $0.tensor.detach()) })
            for (state, name) in [(adapters, Self.adapterFile), (memoryState, Self.averageFile)] where !state.isEmpty {
                try Safetensors.write(state, to: directory + "/" + name)
            }
        }
    }

    /// A checkpoint whose files are those that were written.
    struct SoundCheckpoint: Sendable {
        let path: String
        fileprivate let state: State

        init(_ path: String) throws {
            self.path = path
            state = try CheckpointDirectory(path: path).read(State.self)
        }

        var configuration: SFTConfiguration { state.configuration }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// The set must hold the same examples in the same order, and the configuration, where given, be the checkpoint's.
    static func resume(
        _ checkpoint: SoundCheckpoint, configuration: SFTConfiguration?, tokenizer: ByteTokenizer, set: TrainingSet,
        start: RunStart = RunStart()
    ) throws -> SFTTrainer {
        let (path, state) = (checkpoint.path, checkpoint.state)
        let directory = CheckpointDirectory(path: path)
        let settings = state.configuration
        if settings.levelSchedule != nil, state.progress?.sampler == nil {
            throw directory.fault("lacks the state of its level_schedule")
        }
        if settings.needsStart, start.model == nil {
            throw directory.fault("is of a run that goes on only beside the model that it started from; give it that")
        }
        let model = try settings.adapters == nil ? .load(directory: path) : start.model?.copy()
        var start = start
        if settings.earlyExit != nil {
            guard state.files[RoutingParts.exitFile] != nil,
                let parts = try RoutingParts.read(directory: path, for: .read(directory: path))
            else { throw directory.fault("lacks the early exit that its configuration trains") }
            start.exit = parts.exit
        }
        let trainer = try SFTTrainer(settings, model: model, tokenizer: tokenizer, set: set, start: start)
        try directory.requireSame(state, datasetHash: trainer.dataHash, configuration: configuration)
        func tensors(_ name: String) throws -> [String: Tensor] {
            state.files[name] == nil ? [:] : try Safetensors.read(path + "/" + name)
        }
        if settings.adapters != nil { try trainer.model.loadAdapters(tensors(adapterFile)) }
        try trainer.restore(
            optimizer: tensors(CheckpointDirectory.optimizerFile), memory: tensors(averageFile),
            random: Tensor(Array(state.random)), step: state.step, sampler: state.progress?.sampler)
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
