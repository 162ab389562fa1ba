import HoneDatasets
import Yams

/// A place in the YAML file, with the path of keys that led there, so that every fault can name it.
struct YAMLNode {
    let node: Node
    let path: String
    let file: String

    /// The mapping's entries by key; no others than `allowed` may be there.
    func mapping(allowed: [String]? = nil) throws(PipelineError) -> [(key: String, value: YAMLNode)] {
        guard case .mapping(let mapping) = node else { throw fault("must be a mapping of keys to values") }
        var entries: [(key: String, value: YAMLNode)] = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else { throw fault("has a key that is not a word") }
            let entry = YAMLNode(node: value, path: path.isEmpty ? name.string : "\(path).\(name.string)", file: file)
            if let allowed, !allowed.contains(name.string) {
                throw YAMLNode(node: key, path: path, file: file)
                    .fault("unknown key '\(name.string)'; known are \(allowed.joined(separator: ", "))")
            }
            entries.append((name.string, entry))
        }
        return entries
    }

    func sequence() throws(PipelineError) -> [YAMLNode] {
        guard case .sequence(let sequence) = node else { throw fault("must be a list") }
        return sequence.enumerated().map { YAMLNode(node: $1, path: "\(path)[\($0)]", file: file) }
    }

    func string() throws(PipelineError) -> String {
        guard case .string(let text) = try scalar() else { throw fault("must be text") }
        return text
    }

    func integer() throws(PipelineError) -> Int {
        guard case .integer(let value) = try scalar() else { throw fault("must be a whole number") }
        return value
    }

    /// The node and all below it as JSON, at most `budget` nodes: aliases of aliases cannot blow a small file up.
    func json(budget: inout Int, depth: Int = 0) throws(PipelineError) -> JSONValue {
        budget -= 1
        guard budget >= 0 else { throw fault("the file holds too many values") }
        guard depth < 32 else { throw fault("is nested more than 32 deep") }
        switch node {
        case .mapping:
            var object: [String: JSONValue] = [:]
            for (key, value) in try mapping() { object[key] = try value.json(budget: &budget, depth: depth + 1) }
            return .object(object)
        case .sequence:
            var array: [JSONValue] = []
            for element in try sequence() { array.append(try element.json(budget: &budget, depth: depth + 1)) }
            return .array(array)
        case .scalar, .alias:
            return try scalar()
        }
    }

    /// Scalars by YAML 1.2's core schema; `1e-3` is a number, `yes` and dates are text.
    private func scalar() throws(PipelineError) -> JSONValue {
        guard case .scalar(let scalar) = node else { throw fault("must be one value") }
        guard scalar.style == .plain else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case let text:
            if text.wholeMatch(of: /[-+]?[0-9]+/) != nil {
                guard let value = Int(text) else { throw fault("\(text) is too large") }
                return .integer(value)
            }
            if text.wholeMatch(of: /[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?/) != nil,
                let value = Double(text), value.isFinite
            {
                return .number(value)
            }
            return .string(text)
        }
    }

    func fault(_ reason: String) -> PipelineError {
        .invalid(file: file, line: node.mark?.line, place: path, reason: reason)
    }
}
