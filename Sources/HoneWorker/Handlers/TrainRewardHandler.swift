import Foundation
import HoneModel
import HonePlots
import HoneQueue
import HoneTraining

/// `train.reward`: a reward model from labels.
struct TrainRewardHandler: TrainingHandler {
    static let kind = "train.reward"

    let resources: WorkerResources

    func begin(_ start: TrainingStart<TrainRewardPayload>) async throws -> BegunTraining<RewardRun> {
        guard let directory = start.resumed ?? start.initial else {
            preconditionFailure("the payload names a checkpoint to start from")
        }
        let contextLength = try ModelConfiguration.read(directory: directory).maxPositionCount
        let data = try RewardData(
            start.rows, LabelledText(tokenizer: start.tokenizer), shares: start.payload.shares,
            contextLength: start.payload.dropLong == true ? contextLength : nil)
        let configuration = start.payload.effective
        let run = try await TrainingRun.start { [resumed = start.resumed, tokenizer = start.tokenizer] in
            guard resumed != nil else {
                return try RewardTrainer(
                    configuration, backbone: .load(directory: directory), examples: data.training,
                    heldOut: data.heldOut, calibrating: data.calibrating, tokenizer: tokenizer)
            }
            return try RewardTrainer.resume(
                directory, configuration: configuration, examples: data.training, heldOut: data.heldOut,
                calibrating: data.calibrating, tokenizer: tokenizer)
        }
        return BegunTraining(
            training: RewardRun(run: run), exampleCount: data.training.count,
            names: BatchName(.labelTask, data.trainingTasks), droppedCount: data.droppedCount, warnings: data.warnings)
    }
}

/// A reward model's training that leaves a picture of its calibration beside every checkpoint.
struct RewardRun: RunningTraining {
    let run: TrainingRun<RewardTrainer>

    func run(
        below root: String, onStep: @Sendable (RewardStepReport) throws -> Void,
        onCheckpoint: @Sendable (_ directory: String) async throws -> Void
    ) async throws {
        try await run.run(checkpointsIn: root, onStep: onStep) { directory, _ in
            if let evaluation = try RewardEvaluation.read(directory: directory) {
                let picture = evaluation.picture.svg()
                try Data(picture.utf8).write(to: URL(filePath: directory + "/calibration.svg"))
            }
            try await onCheckpoint(directory)
        }
    }

    func writeCheckpoint(to directory: String) async throws {
        try await run.writeCheckpoint(to: directory)
    }
}

extension RewardEvaluation {
    /// How sure the model is, against how often it is right.
    fileprivate var picture: Figure {
        let bins = bins.map {
            ReliabilityBin(
                from: $0.lower, to: $0.upper, count: $0.count, confidence: $0.confidence, accuracy: $0.accuracy)
        }
        return Figure(
            title: "Reward model on \(count) held-out judgements",
            charts: [.reliability(bins, title: "Reliability")])
    }
}
