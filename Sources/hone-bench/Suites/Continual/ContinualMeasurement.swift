import HoneTraining

/// Tasks in sequence: each training goes on from the model that the one before left.
struct ContinualMeasurement: Sendable {
    let tasks: [ContinualTask]
    let seed: UInt64
    /// Of a training from random weights.
    let steps: Int
    let trainCount: Int
    let testCount: Int
    /// Old examples that a method may see, of all tasks together.
    let oldCount: Int
    /// Of each training after the first, the last for all that follow; the method's memory comes on top where there is
    /// none.
    let continued: [SFTConfiguration]
    let verbose: Bool
    /// Holds every model that was trained, so that what methods or calls have in common is trained once.
    let folder: String

    struct Run: Sendable {
        var matrix = AccuracyMatrix()
        var seconds = 0.0
    }

    /// Accuracy on each task's suite of a model that was trained on that task alone, from random weights.
    func solo() async throws -> [Double] {
        var accuracies: [Double] = []
        for task in tasks {
            let model = try await train(on: task, after: nil, tasksBefore: [], by: .plain)
            accuracies.append(try await accuracy(of: model.directory, on: task))
        }
        return accuracies
    }

    func run(_ method: ContinualMethod) async throws -> Run {
        var run = Run()
        var model: KeptModel?
        for (index, task) in tasks.enumerated() {
            let trained = try await train(on: task, after: model, tasksBefore: Array(tasks[..<index]), by: method)
            run.seconds += trained.seconds
            model = trained
            var row: [Double] = []
            for suite in tasks { row.append(try await accuracy(of: trained.directory, on: suite)) }
            run.matrix.append(row)
        }
        return run
    }

    /// A model that a training left, or an earlier call with the same settings.
    private func train(
        on task: ContinualTask, after model: KeptModel?, tasksBefore: [ContinualTask], by method: ContinualMethod
    ) async throws -> KeptModel {
        var settings = SmallModel.training(steps: steps)
        if model != nil {
            settings = continued[min(tasksBefore.count, continued.count) - 1]
            method.apply(to: &settings)
        }
        settings.seed = seed
        settings.checkpointInterval = 0
        let kept = try KeptModel(
            in: folder, settings, after: model, on: "\(task.rawValue) \(trainCount) \(oldCount)")
        if kept.isThere { return kept }
        let session = try await TrainingSession.start(
            settings, from: model?.directory, examples: task.questions(trainCount, heldOut: false, seed: seed),
            old: old(tasksBefore), tokenizer: SmallModel.tokenizer)
        let started = ContinuousClock.now
        try await session.run(checkpointsIn: kept.root) { report in
            if verbose, report.step % 50 == 0 { try printJSONLine(report) }
        }
        return try kept.keep(seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    /// What each training after the first does.
    static var continued: SFTConfiguration {
        var settings = SFTConfiguration(steps: 1500)
        settings.learningRate = 0.01
        return settings
    }

    /// Equally many of each task.
    private func old(_ tasks: [ContinualTask]) -> [TrainingExample] {
        tasks.flatMap { $0.questions(trainCount, heldOut: false, seed: seed).prefix(oldCount / tasks.count) }
    }

    private func accuracy(of directory: String, on task: ContinualTask) async throws -> Double {
        try await SmallModel.accuracy(of: directory, on: task.questions(testCount, heldOut: true, seed: seed))
    }
}
