public import HoneDatasets

/// When a pipeline runs by itself: at the minutes that a cron expression names, in UTC by the database's clock.
public struct PipelineSchedule: Sendable, Equatable {
    /// Minute, hour, day, month and weekday.
    public let cron: String
    /// Values for the pipeline's parameters.
    public let params: [String: JSONValue]
    /// What suffices for a run, any one of it; nothing is asked for where all are nil.
    public let condition: Condition

    /// What must have come about since the run that the schedule started last.
    public struct Condition: Sendable, Equatable {
        public var newExamples: NewExamples?
        public var newLabels: Int?
        public var drift: Drift?
    }

    /// At least so many examples of a split.
    public struct NewExamples: Sendable, Equatable {
        public let dataset: String
        public let split: String
        public let count: Int
    }

    /// What arrived is unlike what the pipeline's runs have taken: the population stability index lies above a number.
    /// Below 0.1 counts as no drift, above 0.25 as much by custom.
    public struct Drift: Sendable, Equatable {
        public let dataset: String
        public let split: String
        public let above: Double
    }

    /// The form that `hone.define_pipeline` stores.
    var json: JSONValue {
        var onlyIf: [String: JSONValue] = [:]
        if let examples = condition.newExamples {
            onlyIf["new_examples"] = .object([
                "dataset": .string(examples.dataset), "split": .string(examples.split),
                "count": .integer(examples.count),
            ])
        }
        if let labels = condition.newLabels { onlyIf["new_labels"] = .integer(labels) }
        if let drift = condition.drift {
            onlyIf["drift"] = .object([
                "dataset": .string(drift.dataset), "split": .string(drift.split), "above": .number(drift.above),
            ])
        }
        return .object(["cron": .string(cron), "params": .object(params), "only_if": .object(onlyIf)])
    }
}

extension PipelineSchedule {
    init(_ node: YAMLNode) throws(PipelineError) {
        var fields: [String: YAMLNode] = [:]
        for (key, value) in try node.mapping(allowed: ["cron", "params", "only_if"]) { fields[key] = value }
        guard let cron = fields["cron"] else { throw node.fault("a schedule needs a 'cron'") }
        self.cron = try cron.string()
        if let fault = CronExpression.fault(of: self.cron) { throw cron.fault(fault) }
        var params: [String: JSONValue] = [:]
        for (key, value) in try fields["params"]?.mapping() ?? [] {
            var budget = 20_000
            params[key] = try value.json(budget: &budget)
        }
        self.params = params
        condition = try fields["only_if"].map { node throws(PipelineError) in try Condition(node) } ?? Condition()
    }

    /// Every text that may hold a reference to a parameter.
    var texts: [String] {
        [
            condition.newExamples?.dataset, condition.newExamples?.split, condition.drift?.dataset,
            condition.drift?.split,
        ]
        .compactMap(\.self)
    }
}

extension PipelineSchedule.Condition {
    fileprivate init(_ node: YAMLNode) throws(PipelineError) {
        for (key, value) in try node.mapping(allowed: ["new_examples", "new_labels", "drift"]) {
            switch key {
            case "new_examples":
                let (dataset, split, rest) = try value.source("count")
                newExamples = .init(dataset: dataset, split: split, count: try rest.count())
            case "new_labels":
                newLabels = try value.count()
            default:
                let (dataset, split, rest) = try value.source("above")
                drift = .init(dataset: dataset, split: split, above: try rest.positiveNumber())
            }
        }
    }
}

extension YAMLNode {
    /// A dataset, its split, and one more value.
    fileprivate func source(_ key: String) throws(PipelineError) -> (String, String, YAMLNode) {
        var fields: [String: YAMLNode] = [:]
        for (name, value) in try mapping(allowed: ["dataset", "split", key]) { fields[name] = value }
        guard let dataset = fields["dataset"], let rest = fields[key] else {
            throw fault("needs a 'dataset' and '\(key)'")
        }
        return (try dataset.string(), try fields["split"]?.string() ?? "train", rest)
    }

    fileprivate func count() throws(PipelineError) -> Int {
        let value = try integer()
        if value < 1 { throw fault("must be at least 1, is \(value)") }
        return value
    }

    fileprivate func positiveNumber() throws(PipelineError) -> Double {
        var budget = 1
        switch try json(budget: &budget) {
        case .integer(let value) where value > 0: return Double(value)
        case .number(let value) where value > 0: return value
        default: throw fault("must be a number above 0")
        }
    }
}
