public import Foundation
import HoneDatasets
import Yams

extension PipelineDefinition {
    /// No pipeline file may be larger, in bytes.
    public static let byteLimit = 256 << 10
    private static let nodeLimit = 20_000

    /// Reads and checks a file.
    /// - Throws: `PipelineError` that names the file, the line and the key of the first fault.
    public init(file: URL) throws(PipelineError) {
        let content: Data
        do {
            content = try Data(contentsOf: file)
        } catch {
            throw .unreadable(file: file.path, reason: error.localizedDescription)
        }
        guard content.count <= Self.byteLimit else {
            throw .unreadable(file: file.path, reason: "it is larger than \(Self.byteLimit) bytes")
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .unreadable(file: file.path, reason: "it is not UTF-8 text")
        }
        try self.init(yaml: text, file: file.lastPathComponent)
    }

    /// Reads and checks a text.
    /// - Parameters:
    ///   - yaml: at most ``byteLimit`` bytes.
    ///   - file: what errors call it.
    /// - Throws: `PipelineError` that names the file, the line and the key of the first fault.
    public init(yaml: String, file: String) throws(PipelineError) {
        let root = YAMLNode(node: try Self.compose(yaml, file: file), path: "", file: file)
        var budget = Self.nodeLimit
        _ = try root.json(budget: &budget)
        var fields: [String: YAMLNode] = [:]
        for (key, value) in try root.mapping(allowed: ["name", "description", "params", "schedule", "stages"]) {
            fields[key] = value
        }
        guard let name = fields["name"], let stages = fields["stages"] else {
            throw root.fault("a pipeline needs a 'name' and 'stages'")
        }
        self.name = try name.identifier(maximumLength: 128)
        description = try fields["description"]?.string()
        params = try Self.params(fields["params"])
        self.stages = try Self.stages(stages)
        schedule = try fields["schedule"].map { node throws(PipelineError) in try PipelineSchedule(node) }
        if let schedule, let node = fields["schedule"] {
            try PipelineChecker.check(schedule, params: params, at: node)
        }
        try PipelineChecker(definition: self, stages: stages.sequence()).check()
    }

    private static func compose(_ yaml: String, file: String) throws(PipelineError) -> Node {
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                throw PipelineError.invalid(file: file, line: nil, place: "", reason: "the file is empty")
            }
            return node
        } catch let error as PipelineError {
            throw error
        } catch let error as YamlError {
            throw error.pipelineError(file: file)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
    }

    private static func params(_ node: YAMLNode?) throws(PipelineError) -> [String: JSONValue] {
        guard let node else { return [:] }
        var params: [String: JSONValue] = [:]
        for (key, value) in try node.mapping() {
            guard key.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
                throw value.fault("a parameter's name is made of letters, digits and underscores")
            }
            var budget = nodeLimit
            params[key] = try value.json(budget: &budget)
        }
        return params
    }

    private static func stages(_ node: YAMLNode) throws(PipelineError) -> [Stage] {
        let nodes = try node.sequence()
        guard (1...1000).contains(nodes.count) else { throw node.fault("a pipeline has 1 to 1000 stages") }
        var stages: [Stage] = []
        for node in nodes {
            let stage = try Stage(node)
            if stages.contains(where: { $0.name == stage.name }) {
                throw node.fault("another stage is already named '\(stage.name)'; give one of them another name")
            }
            stages.append(stage)
        }
        return stages
    }
}

extension PipelineDefinition.Stage {
    fileprivate init(_ node: YAMLNode) throws(PipelineError) {
        var fields: [String: YAMLNode] = [:]
        let allowed = ["name", "kind", "needs", "queue", "priority", "max_attempts", "with"]
        for (key, value) in try node.mapping(allowed: allowed) { fields[key] = value }
        guard let name = fields["name"], let kind = fields["kind"] else {
            throw node.fault("a stage needs a 'name' and a 'kind'")
        }
        self.name = try name.identifier(maximumLength: 64)
        self.kind = try kind.string()
        var needs: [String] = []
        for need in try fields["needs"]?.sequence() ?? [] { needs.append(try need.string()) }
        self.needs = needs
        queue = try fields["queue"]?.identifier(maximumLength: 63)
        priority = try fields["priority"]?.integer(in: -32_768...32_767)
        maxAttempts = try fields["max_attempts"]?.integer(in: 1...1000)
        guard let with = fields["with"] else {
            self.with = [:]
            return
        }
        var budget = Int.max
        guard case .object(let payload) = try with.json(budget: &budget) else {
            throw with.fault("must be a mapping: it becomes the job's payload")
        }
        self.with = payload
    }
}

extension YAMLNode {
    fileprivate func identifier(maximumLength: Int) throws(PipelineError) -> String {
        let text = try string()
        guard text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]*/) != nil, text.utf8.count <= maximumLength else {
            throw fault("'\(text)' must be at most \(maximumLength) letters, digits, dots, dashes and underscores")
        }
        return text
    }

    fileprivate func integer(in range: ClosedRange<Int>) throws(PipelineError) -> Int {
        let value = try integer()
        guard range.contains(value) else {
            throw fault("\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }
}

extension YamlError {
    fileprivate func pipelineError(file: String) -> PipelineError {
        switch self {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .invalid(file: file, line: mark.line, place: "", reason: "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            .invalid(
                file: file, line: context.mark.line, place: "",
                reason: "the key '\(keys.joined(separator: "', '"))' comes twice")
        default:
            .invalid(file: file, line: nil, place: "", reason: "not valid YAML: \(self)")
        }
    }
}
