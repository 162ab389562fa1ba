internal import HoneConcurrency
internal import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// A supervised fine-tuning run on a thread of its own.
///
/// ```swift
/// let session = try await TrainingSession.start(configuration, examples: examples, tokenizer: tokenizer)
/// try await session.run(checkpointsIn: directory) { report in … }
/// ```
/// A run that is cut off anywhere and resumed from its last checkpoint ends with the same weights, bit for bit, given
/// the same examples, number of threads, libtorch and kind of processor.
public actor TrainingSession {
    private let executor: BlockingExecutor
    private let makeTrainer: @Sendable () throws -> SFTTrainer
    private var made: SFTTrainer?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(_ makeTrainer: @escaping @Sendable () throws -> SFTTrainer) {
        executor = BlockingExecutor(name: "training")
        self.makeTrainer = makeTrainer
    }

    /// Begins a run.
    ///
    /// It starts from the model in `directory`, of the Hugging Face form, or, where that is nil, from random weights of
    /// the shape that the configuration gives. Examples are kept as tokens, 4 bytes each; their order is part of the
    /// run. `old` are examples from before, for a configuration with a memory.
    public static func start(
        _ configuration: SFTConfiguration, from directory: String? = nil, examples: some Sequence<TrainingExample>,
        old: [TrainingExample] = [], tokenizer: ByteTokenizer
    ) async throws -> TrainingSession {
        try configuration.validate()
        if directory != nil, configuration.model != nil {
            throw TrainingError.configuration(
                key: "model", reason: "is given, and so is a model to start from; give one of them")
        }
        let given = try directory.map { try ModelConfiguration.read(directory: $0) }
        guard let shape = given ?? configuration.model else {
            throw TrainingError.configuration(
                key: "model", reason: "is missing, and the run does not start from another model")
        }
        if directory == nil { try configuration.requireNoStart() }
        try MemoryNeed(configuration, shape: shape).requireAvailable()
        let set = try TrainingSet(examples, tokenizer: tokenizer, maximumLength: shape.maxPositionCount)
        let oldSet = try TrainingSet(old: old, tokenizer: tokenizer, maximumLength: shape.maxPositionCount)
        let session = TrainingSession {
            let model = try directory.map { try CausalLanguageModel.load(directory: $0) }
            let parts = try directory.flatMap { try RoutingParts.read(directory: $0, for: shape) }
            return try SFTTrainer(
                configuration, model: model, tokenizer: tokenizer, set: set,
                start: RunStart(old: oldSet, exit: parts?.exit))
        }
        try await session.prepare()
        return session
    }

    /// Goes on from the checkpoint in `directory`, whose files are checked against their checksums.
    ///
    /// The examples must be the same in the same order as at the start, and so must the configuration, where one is
    /// given; others are noticed. A run with a memory or with adapters wants the model that it started from again, and
    /// the same old examples.
    public static func resume(
        _ directory: String, from start: String? = nil, configuration: SFTConfiguration? = nil,
        examples: some Sequence<TrainingExample>, old: [TrainingExample] = [], tokenizer: ByteTokenizer
    ) async throws -> TrainingSession {
        let checkpoint = try SFTTrainer.SoundCheckpoint(directory)
        let shape = try ModelConfiguration.read(directory: directory)
        try MemoryNeed(checkpoint.configuration, shape: shape).requireAvailable()
        let limit = shape.maxPositionCount
        let set = try TrainingSet(examples, tokenizer: tokenizer, maximumLength: limit)
        let oldSet = try TrainingSet(old: old, tokenizer: tokenizer, maximumLength: limit)
        let session = TrainingSession {
            let former = try start.map { try CausalLanguageModel.load(directory: $0) }
            return try SFTTrainer.resume(
                checkpoint, configuration: configuration, tokenizer: tokenizer, set: set,
                start: RunStart(model: former, old: oldSet))
        }
        try await session.prepare()
        return session
    }

    /// Steps done.
    public var step: Int { made?.step ?? 0 }

    /// Learns from the next batch.
    ///
    /// - Throws: `TrainingError.nonFinite` when the loss or the gradient is not a number any more; the weights are
    ///   those of the step before.
    public func advance() throws -> StepReport { try trainer().advance() }

    /// Runs to the last step.
    ///
    /// - Parameters:
    ///   - root: receives a directory `step-000200` and so on every `checkpointInterval` steps and at the end.
    ///   - onStep: called after every step; an error that it throws ends the run.
    ///   - onCheckpoint: called when a checkpoint is complete, before the next step; what it was given may be moved
    ///     away or deleted.
    /// - Throws: `CancellationError` within one step of the task's cancellation.
    public func run(
        checkpointsIn root: String, onStep: @Sendable (StepReport) throws -> Void = { _ in },
        onCheckpoint: @Sendable (Checkpoint) async throws -> Void = { _ in }
    ) async throws {
        let trainer = try trainer()
        let configuration = trainer.configuration
        while trainer.step < configuration.steps {
            try Task.checkCancellation()
            let report = try trainer.advance()
            try onStep(report)
            let isDue = configuration.checkpointInterval > 0 && report.step % configuration.checkpointInterval == 0
            if isDue || report.step == configuration.steps {
                let checkpoint = Checkpoint(root: root, report: report)
                try trainer.writeCheckpoint(to: checkpoint.directory)
                try await onCheckpoint(checkpoint)
            }
        }
    }

    /// Writes a checkpoint of the current step.
    public func writeCheckpoint(to directory: String) throws { try trainer().writeCheckpoint(to: directory) }

    /// Mean loss per token of completions over other examples, in nats.
    public func loss(over examples: some Sequence<TrainingExample> & Sendable) throws -> Double {
        let trainer = try trainer()
        let limit = trainer.model.configuration.maxPositionCount
        return trainer.loss(over: try TrainingSet(examples, tokenizer: trainer.tokenizer, maximumLength: limit))
    }

    /// Share of other examples of which greedy decoding would write the whole completion, from one pass over each.
    public func accuracy(over examples: some Sequence<TrainingExample> & Sendable) throws -> Double {
        let trainer = try trainer()
        let limit = trainer.model.configuration.maxPositionCount
        let set = try TrainingSet(examples, tokenizer: trainer.tokenizer, maximumLength: limit)
        return trainer.measure(set.entries.indices.map(Int32.init), of: set).accuracy
    }

    private func prepare() throws { _ = try trainer() }

    /// Made on the session's thread, since libtorch's settings belong to a thread.
    private func trainer() throws -> SFTTrainer {
        if let made { return made }
        let trainer = try makeTrainer()
        made = trainer
        return trainer
    }
}

/// A checkpoint on the disk.
public struct Checkpoint: Sendable, Equatable {
    /// Holds model.safetensors, config.json, tokenizer.json, tokenizer_config.json, generation_config.json,
    /// optimizer.safetensors and training_state.json.
    public let directory: String
    /// Steps done.
    public let step: Int
    /// The step that led to it.
    public let report: StepReport

    init(root: String, report: StepReport) {
        directory = Self.path(root: root, step: report.step)
        step = report.step
        self.report = report
    }

    /// `step-000200` below `root`.
    public static func path(root: String, step: Int) -> String {
        let number = String(step)
        return "\(root)/step-" + String(repeating: "0", count: max(0, 6 - number.count)) + number
    }
}
