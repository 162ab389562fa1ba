internal import Foundation
public import HoneModel
internal import HoneTensor
public import HoneTokenizer

extension PPOTrainer {
    private typealias State = CheckpointDirectory.State<PPOConfiguration, Progress>

    /// What a run carries from step to step besides weights and optimizers.
    private struct Progress: Codable {
        let controller: KLController
        let collapseGuard: CollapseGuard
        let stopCause: StopCause?
        /// Nil without a watch.
        let peak: PeakRecord?
        let endedAtPeak: Bool?
        /// Nil without an admission gate.
        let admission: AdmissionGate.State?
        let referenceHash: String?
        /// The critic's shape; nil without one.
        let critic: ModelConfiguration?

        enum CodingKeys: String, CodingKey {
            case controller = "divergence_controller"
            case collapseGuard = "collapse_guard"
            case stopCause = "stop_cause"
            case peak
            case endedAtPeak = "ended_at_peak"
            case admission
            case referenceHash = "reference_sha256"
            case critic
        }
    }

    private static let criticFile = "critic.safetensors"
    private static let criticOptimizerFile = "critic_optimizer.safetensors"
    private static let bestFile = "best.safetensors"
    private static let adapterFile = "adapters.safetensors"

    /// Writes policy, critic, both optimizers, adapters, the random generator, the divergence's controller and the
    /// cursor. The policy is a model that others load: adapters are merged into it.
    public func writeCheckpoint(to path: String) throws {
        try requireReferenceUnchanged()
        let progress = Progress(
            controller: controller, collapseGuard: collapseGuard, stopCause: stopCause,
            peak: configuration.watch.map { _ in peak }, endedAtPeak: configuration.watch.map { _ in endedAtPeak },
            admission: admission?.state, referenceHash: networks.referenceHash,
            critic: networks.critic?.backbone.configuration)
        let state = State(
            step: step, configuration: configuration, progress: progress, datasetHash: prompts.hash,
            random: Data(generator.state().toArray(UInt8.self)), library: Torch.version)
        try CheckpointDirectory(path: path).write(state) { directory in
            try (configuration.adapters == nil ? policy : policy.merged()).save(directory: directory)
            try tokenizer.writeFiles(to: directory)
            func write(_ tensors: [String: Tensor]?, _ name: String) throws {
                if let tensors { try Safetensors.write(tensors, to: directory + "/" + name) }
            }
            try write(optimizer.stateDictionary(), CheckpointDirectory.optimizerFile)
            try write(criticOptimizer?.stateDictionary(), Self.criticOptimizerFile)
            try write(networks.critic?.stateDictionary(), Self.criticFile)
            try write(best.isEmpty ? nil : best, Self.bestFile)
            if configuration.adapters != nil {
                let adapters = policy.adapterParameters.map { ($0.name, $0.tensor.detach()) }
                try write(Dictionary(uniqueKeysWithValues: adapters), Self.adapterFile)
            }
        }
    }

    /// A trainer that goes on where the checkpoint was written, bit for bit.
    ///
    /// - Parameters:
    ///   - path: the checkpoint
    ///   - reference: the model that the run started from or was given as its reference; it is not in the checkpoint,
    ///     and its hash is
    ///   - configuration: the checkpoint's, where given
    ///   - prompts: the same in the same order
    ///   - tokenizer: of all networks
    ///   - judge: judges answers, as before
    /// - Returns: the trainer, after the checkpoint's step
    /// - Throws: `TrainingError.checkpoint` where anything is damaged or belongs to another run.
    public static func resume(
        _ path: String, reference: CausalLanguageModel, configuration: PPOConfiguration? = nil, prompts: [String],
        tokenizer: ByteTokenizer, judge: any AnswerJudging
    ) throws -> PPOTrainer {
        let directory = CheckpointDirectory(path: path)
        let state = try directory.read(State.self)
        guard let progress = state.progress else { throw directory.fault("lacks the progress of the run") }
        let settings = state.configuration
        Threads.set(intraOp: settings.threads)
        let generator = Generator(seed: settings.seed)
        let critic = try progress.critic.map { shape in
            try ScoringModel.load(.value, shape: shape, file: path + "/" + criticFile)
        }
        let networks = try PolicyNetworks(
            settings, policy: settings.adapters == nil ? .load(directory: path) : reference,
            reference: settings.adapters == nil ? reference : nil, critic: critic, generator: generator)
        guard networks.referenceHash == progress.referenceHash else {
            throw directory.fault("was measured to another reference; give it the model that the run started from")
        }
        let trainer = try PPOTrainer(
            settings, networks: networks, generator: generator, prompts: prompts, tokenizer: tokenizer, judge: judge)
        try directory.requireSame(state, datasetHash: trainer.prompts.hash, configuration: configuration)
        try trainer.restore(state.step, progress, random: Tensor(Array(state.random)), from: path)
        return trainer
    }

    /// The same with a function that judges one answer at a time.
    public static func resume(
        _ path: String, reference: CausalLanguageModel, configuration: PPOConfiguration? = nil, prompts: [String],
        tokenizer: ByteTokenizer, reward: @escaping RewardFunction
    ) throws -> PPOTrainer {
        try resume(
            path, reference: reference, configuration: configuration, prompts: prompts, tokenizer: tokenizer,
            judge: SingleAnswerJudge(reward: reward))
    }

    private func restore(_ step: Int, _ progress: Progress, random: Tensor, from path: String) throws {
        if configuration.adapters != nil {
            try policy.loadAdapters(Safetensors.read(path + "/" + Self.adapterFile))
        }
        try optimizer.load(Safetensors.read(path + "/" + CheckpointDirectory.optimizerFile))
        try criticOptimizer?.load(Safetensors.read(path + "/" + Self.criticOptimizerFile))
        try generator.restore(random)
        controller = progress.controller
        collapseGuard = progress.collapseGuard
        stopCause = progress.stopCause
        if let peak = progress.peak {
            self.peak = peak
            if peak.best != nil { best = try Safetensors.read(path + "/" + Self.bestFile) }
        }
        endedAtPeak = progress.endedAtPeak ?? false
        if let state = progress.admission { admission?.restore(state) }
        self.step = step
    }
}
