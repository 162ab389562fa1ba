public import HoneDatasets

/// A pipeline as its YAML file defines it, checked: names stages, what each does, and which must succeed before it.
public struct PipelineDefinition: Sendable, Equatable {
    public let name: String
    public let description: String?
    /// Parameters with their defaults; `.null` marks one that every run must give.
    public let params: [String: JSONValue]
    /// In the file's order, which need not be the order of running.
    public let stages: [Stage]
    /// When it runs by itself.
    public let schedule: PipelineSchedule?

    /// One node of the DAG: it becomes one job of each run.
    public struct Stage: Sendable, Equatable {
        public let name: String
        /// The kind of its job.
        public let kind: String
        /// The stages that must succeed before it starts.
        public let needs: [String]
        public let queue: String?
        public let priority: Int?
        public let maxAttempts: Int?
        /// The job's payload; `${params.x}` and `${stage.field}` inside are filled in later.
        public let with: [String: JSONValue]
    }

    /// The kinds of job that a stage may be.
    public static let kinds: Set = [
        "reason", "sample", "label", "annotate", "freeze", "verify", "train.sft", "train.reward", "train.ppo",
        "train.dpo", "train.router", "evaluate", "gate", "promote", "arrivals", "quantize", "ingest", "noop",
        "engine.ray",
    ]

    /// The stages such that each comes after all that it needs.
    public var stagesInOrder: [Stage] {
        var done: Set<String> = []
        var ordered: [Stage] = []
        while ordered.count < stages.count {
            let next = stages.filter { !done.contains($0.name) && done.isSuperset(of: $0.needs) }
            precondition(!next.isEmpty, "a checked definition has no cycle: \(stages.map(\.name))")
            ordered += next
            done.formUnion(next.map(\.name))
        }
        return ordered
    }

    /// The form that `hone.define_pipeline` stores; its hash names this version.
    var json: JSONValue {
        var object: [String: JSONValue] = [
            "name": .string(name), "params": .object(params), "stages": .array(stages.map(\.json)),
        ]
        object["description"] = description.map(JSONValue.string)
        object["schedule"] = schedule?.json
        return .object(object)
    }
}

extension PipelineDefinition.Stage {
    fileprivate var json: JSONValue {
        var object: [String: JSONValue] = [
            "name": .string(name), "kind": .string(kind), "needs": .array(needs.map(JSONValue.string)),
            "with": .object(with),
        ]
        object["queue"] = queue.map(JSONValue.string)
        object["priority"] = priority.map(JSONValue.integer)
        object["max_attempts"] = maxAttempts.map(JSONValue.integer)
        return .object(object)
    }
}
