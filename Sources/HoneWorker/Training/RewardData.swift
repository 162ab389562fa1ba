import HoneFeedback
import HoneProblems
import HoneTraining

/// What a reward model learns from, what its sureness is fitted to and what it is measured on, told apart by the
/// prompts: no prompt is in two of them.
struct RewardData: Sendable {
    /// Of prompts.
    struct Shares {
        let heldOut: Double
        let calibration: Double
    }

    private enum Side {
        case training, calibration, heldOut
    }

    private(set) var training: RewardExamples
    /// What was asked, of each of these.
    private(set) var trainingTasks: [Int64]
    /// Nil where none were asked for.
    private(set) var calibrating: RewardExamples?
    private(set) var heldOut: RewardExamples
    private(set) var droppedCount = 0
    /// Pairs that are there both ways round.
    private(set) var contradictionCount = 0

    /// - Parameters:
    ///   - rows: of a freeze
    ///   - text: lays them out
    ///   - shares: of prompts
    ///   - contextLength: where longer rows are left out; nil keeps all
    /// - Throws: `TrainingError.noExamples` where one side is left with nothing.
    init(
        _ rows: FreezeSource.Rows, _ text: LabelledText, shares: Shares, contextLength: Int?
    ) throws(TrainingError) {
        func side(_ prompt: String) -> Side {
            let place = Double(stableHash(of: prompt) % 10_000) / 10_000
            if place < shares.heldOut { return .heldOut }
            return place < shares.heldOut + shares.calibration ? .calibration : .training
        }
        func fits(_ lengths: Int...) -> Bool { contextLength.map { (lengths.max() ?? 0) <= $0 } ?? true }
        let rowCount: Int
        switch rows {
        case .preferences(let all):
            rowCount = all.count
            // Two answers may differ in the database and be the same to a model.
            let pairs = all.map { (side($0.prompt), text.pair($0), $0.task) }.filter { pair in
                fits(pair.1.chosen.count, pair.1.rejected.count) && (pair.1.isTie || pair.1.chosen != pair.1.rejected)
            }
            trainingTasks = pairs.filter { $0.0 == .training }.map(\.2)
            func of(_ side: Side) -> RewardExamples { .pairs(pairs.filter { $0.0 == side }.map(\.1)) }
            (training, calibrating, heldOut) = (of(.training), of(.calibration), of(.heldOut))
            contradictionCount = Self.contradictions(all)
            droppedCount = rowCount - pairs.count
        case .steps(let all):
            rowCount = all.count
            let examples = all.compactMap { row in text.steps(row).map { (side(row.prompt), $0, row.task) } }
                .filter { fits($0.1.tokens.count) }
            trainingTasks = examples.filter { $0.0 == .training }.map(\.2)
            func of(_ side: Side) -> RewardExamples { .steps(examples.filter { $0.0 == side }.map(\.1)) }
            (training, calibrating, heldOut) = (of(.training), of(.calibration), of(.heldOut))
            droppedCount = rowCount - examples.count
        }
        if shares.calibration == 0 { calibrating = nil }
        guard training.count > 0, heldOut.count > 0, calibrating?.count != 0 else {
            throw .noExamples(
                "of \(rowCount) rows \(training.count) are left to learn from, "
                    + (calibrating.map { "\($0.count) to calibrate on " } ?? "")
                    + "and \(heldOut.count) to measure on; label more prompts, or change the shares")
        }
    }

    private static func contradictions(_ pairs: [HoneFeedback.PreferencePair]) -> Int {
        struct Direction: Hashable {
            let prompt: String
            let better: String
            let worse: String
        }
        let decided = pairs.filter { !$0.isTie }
        let said = Set(decided.map { Direction(prompt: $0.prompt, better: $0.chosen, worse: $0.rejected) })
        return decided.count {
            said.contains(Direction(prompt: $0.prompt, better: $0.rejected, worse: $0.chosen))
        }
    }

    /// What is worth a look.
    var warnings: [String] {
        guard contradictionCount > 0 else { return [] }
        return [
            "\(contradictionCount) pairs are contradicted by another label of the same answers; both are learnt from"
        ]
    }
}
