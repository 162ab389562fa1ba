import HoneCatalog
import HoneFeedback
import HonePostgres

/// Where a training job's rows come from, as its payload says it.
protocol TrainingSource: Sendable {
    associatedtype Rows: Sendable

    /// What is there now; every attempt reads that.
    func fix(in pool: PostgresPool) async throws -> TrainingData
    /// The rows, after they were found to be those that were fixed.
    func rows(of data: TrainingData, from pool: PostgresPool) async throws -> Rows
}

/// The examples of a dataset's split.
struct DatasetSource: TrainingSource {
    let dataset: String
    let split: String
    /// Exactly these examples; all that there are now when nil.
    var cut: DataCut?

    func fix(in pool: PostgresPool) async throws -> TrainingData {
        if let cut { return .cut(cut) }
        return .cut(try await DataCut.take(dataset: dataset, split: split, from: pool))
    }

    func rows(of data: TrainingData, from pool: PostgresPool) async throws -> [CutExample] {
        guard case .cut(let cut) = data else { preconditionFailure("a training of examples began with \(data)") }
        return try await cut.examples(from: pool)
    }
}

/// The labels of a freeze.
struct FreezeSource: TrainingSource {
    let name: String
    /// What it must be, where that is given.
    let sha256: String?

    enum Rows: Sendable {
        case preferences([PreferencePair])
        case steps([StepLabels])
    }

    func fix(in pool: PostgresPool) async throws -> TrainingData {
        let freeze = try await Freeze.find(name, in: pool)
        if let sha256, sha256 != freeze.sha256 {
            throw FeedbackError.freezeChanged(name, was: sha256, is: freeze.sha256)
        }
        if freeze.form == .examples {
            throw FeedbackError.wrongForm(freeze: name, form: freeze.form.rawValue, wanted: "preferences or steps")
        }
        return .freeze(freeze.reference)
    }

    func rows(of data: TrainingData, from pool: PostgresPool) async throws -> Rows {
        guard case .freeze(let begun) = data else { preconditionFailure("a training of labels began with \(data)") }
        let freeze = try await Freeze.find(begun.name, in: pool)
        try freeze.requireUnchanged(begun)
        return freeze.form == .steps
            ? .steps(try await freeze.stepLabels(from: pool))
            : .preferences(try await freeze.preferencePairs(from: pool))
    }
}
