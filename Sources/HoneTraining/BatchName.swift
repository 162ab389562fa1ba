/// The examples of one batch, as an error names them.
public struct BatchName: Sendable, Equatable, CustomStringConvertible {
    /// What the numbers count.
    public enum Noun: String, Sendable {
        /// Places in the run's examples, from 0.
        case row
        /// Numbers of the examples in the database.
        case example
        /// Numbers of the label tasks in the database.
        case labelTask = "label task"
    }

    public let noun: Noun
    public let numbers: [Int64]

    public init(_ noun: Noun, _ numbers: [Int64]) {
        self.noun = noun
        self.numbers = numbers
    }

    init(rows: [Int]) {
        self.init(.row, rows.map(Int64.init))
    }

    public var description: String {
        let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
        let more = numbers.count > 8 ? " and \(numbers.count - 8) more" : ""
        return "\(noun.rawValue)\(numbers.count == 1 ? "" : "s") \(shown)\(more)"
    }
}

/// Refuses numbers that a step must not go on with, naming the batch that they are of.
struct StepCheck {
    /// Number of the step, the first being 1.
    let step: Int
    let batch: BatchName

    func requireFinite(_ value: Double, _ quantity: String) throws(TrainingError) {
        if !value.isFinite { throw .nonFinite(step: step, quantity: quantity, value: value, batch: batch) }
    }

    /// A loss is also refused above `explosion` times what guessing costs.
    func requireSound(loss: Double, chance: Double) throws(TrainingError) {
        try requireFinite(loss, "loss")
        let limit = Self.explosion * chance
        if loss > limit { throw .exploded(step: step, loss: loss, limit: limit, batch: batch) }
    }

    /// Far above what fresh weights of any sensible size begin with.
    private static let explosion = 30.0
}
