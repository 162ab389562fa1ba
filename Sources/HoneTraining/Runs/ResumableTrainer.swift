internal import HoneConcurrency

/// A trainer that can stop after any step and go on elsewhere.
public protocol ResumableTrainer: AnyObject, SendableMetatype {
    associatedtype Report: Sendable

    /// Steps done.
    var step: Int { get }
    /// Steps of the whole run.
    var steps: Int { get }
    /// Steps between checkpoints; 0 writes only the last.
    var checkpointInterval: Int { get }

    /// Learns from the next batch.
    func advance() throws -> Report
    /// Whether the run is over: after its last step, or where it stopped itself.
    var isDone: Bool { get }
    /// Whether the weights are worth keeping; not so after the run stopped itself.
    var isSound: Bool { get }
    /// Writes everything that going on needs, whole or not at all.
    func writeCheckpoint(to directory: String) throws
}

extension ResumableTrainer {
    public var isSound: Bool { true }
}

/// A trainer on a thread of its own, since libtorch blocks and its settings belong to a thread.
///
/// ```swift
/// let run = try await TrainingRun.start { try RewardTrainer(configuration, …) }
/// try await run.run(checkpointsIn: directory) { report in … }
/// ```
public actor TrainingRun<Trainer: ResumableTrainer> {
    private let executor: BlockingExecutor
    private let makeTrainer: @Sendable () throws -> Trainer
    private var made: Trainer?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(_ makeTrainer: @escaping @Sendable () throws -> Trainer) {
        executor = BlockingExecutor(name: "training")
        self.makeTrainer = makeTrainer
    }

    /// Makes the trainer, on its thread.
    public static func start(
        _ makeTrainer: @escaping @Sendable () throws -> Trainer
    ) async throws -> TrainingRun<Trainer> {
        let run = TrainingRun(makeTrainer)
        try await run.prepare()
        return run
    }

    /// Runs `body` with the trainer on its thread.
    public func with<Result: Sendable>(_ body: @Sendable (Trainer) throws -> Result) throws -> Result {
        try body(trainer())
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - root: receives a directory `step-000200` and so on at every interval and at the end, unless the run
    ///     stopped itself: then the last one from before is the one to keep
    ///   - advance: does a step, where more belongs to one than the trainer itself does
    ///   - onStep: called after every step; an error that it throws ends the run
    ///   - onCheckpoint: called when a checkpoint is complete, before the next step; what it was given may be moved
    ///     away or deleted
    /// - Throws: `CancellationError` within one step of the task's cancellation.
    public func run(
        checkpointsIn root: String,
        advance: @Sendable (isolated TrainingRun) async throws -> Trainer.Report = { try $0.with { try $0.advance() } },
        onStep: @Sendable (Trainer.Report) throws -> Void = { _ in },
        onCheckpoint: @Sendable (_ directory: String, _ step: Int) async throws -> Void = { _, _ in }
    ) async throws {
        let trainer = try trainer()
        while !trainer.isDone {
            try Task.checkCancellation()
            try onStep(await advance(self))
            let interval = trainer.checkpointInterval
            let isDue = trainer.isDone || (interval > 0 && trainer.step % interval == 0)
            if isDue && trainer.isSound {
                let directory = Checkpoint.path(root: root, step: trainer.step)
                try trainer.writeCheckpoint(to: directory)
                try await onCheckpoint(directory, trainer.step)
            }
        }
    }

    /// Writes a checkpoint of the current step.
    public func writeCheckpoint(to directory: String) throws { try trainer().writeCheckpoint(to: directory) }

    private func prepare() throws { _ = try trainer() }

    private func trainer() throws -> Trainer {
        if let made { return made }
        let trainer = try makeTrainer()
        made = trainer
        return trainer
    }
}
