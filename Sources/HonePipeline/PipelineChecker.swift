import HoneDatasets

/// What must hold between the stages of a definition: kinds exist, needs exist, nothing waits for itself, and every
/// reference names something that is there when the stage starts.
struct PipelineChecker {
    let definition: PipelineDefinition
    /// Where each stage stands in the file.
    let stages: [YAMLNode]

    func check() throws(PipelineError) {
        let names = Set(definition.stages.map(\.name))
        for (stage, node) in zip(definition.stages, stages) {
            guard PipelineDefinition.kinds.contains(stage.kind) else {
                let known = PipelineDefinition.kinds.sorted().joined(separator: ", ")
                throw node.fault("unknown kind '\(stage.kind)'; known are \(known)")
            }
            for need in stage.needs where !names.contains(need) {
                throw node.fault(
                    "needs '\(need)', but there is no such stage; stages are \(names.sorted().joined(separator: ", "))")
            }
        }
        try checkForCycle()
        for (stage, node) in zip(definition.stages, stages) {
            for text in JSONValue.object(stage.with).strings { try check(text, of: stage, at: node) }
        }
    }

    /// What a schedule gives and refers to is declared, and what every run must be given it gives.
    static func check(
        _ schedule: PipelineSchedule, params: [String: JSONValue], at node: YAMLNode
    ) throws(PipelineError) {
        for name in schedule.params.keys.sorted() where params[name] == nil {
            throw node.fault("gives a parameter that is not declared: '\(name)'")
        }
        for name in params.keys.sorted() where params[name] == .null && schedule.params[name] == nil {
            throw node.fault("must give '\(name)' under its params, since every run needs a value for it")
        }
        for piece in schedule.texts.flatMap({ ReferenceText($0).pieces }) {
            switch piece {
            case .text: continue
            case .reference("params", let field) where params[field] != nil: continue
            case .reference(let source, let field):
                throw node.fault("${\(source).\(field)} is not a parameter that the pipeline declares")
            case .malformed(let text): throw node.fault("'\(text)' is no reference; write ${params.name}")
            }
        }
    }

    private func checkForCycle() throws(PipelineError) {
        for (stage, node) in zip(definition.stages, stages) {
            if let cycle = path(from: stage.name, to: stage.name) {
                throw node.fault("waits for itself: \((cycle + [stage.name]).joined(separator: " needs "))")
            }
        }
    }

    /// The way along `needs` from a stage to another, the last left out; nil if there is none.
    private func path(from start: String, to end: String) -> [String]? {
        var visited: Set<String> = []
        func search(_ name: String) -> [String]? {
            guard visited.insert(name).inserted, let stage = definition.stages.first(where: { $0.name == name }) else {
                return nil
            }
            if stage.needs.contains(end) { return [name] }
            for need in stage.needs {
                if let rest = search(need) { return [name] + rest }
            }
            return nil
        }
        return search(start)
    }

    private func check(_ text: String, of stage: PipelineDefinition.Stage, at node: YAMLNode) throws(PipelineError) {
        for piece in ReferenceText(text).pieces {
            switch piece {
            case .text: continue
            case .malformed(let text):
                throw node.fault("'\(text)' is no reference; write ${params.name} or ${stage.field}")
            case .reference("params", let field):
                guard definition.params[field] != nil else {
                    throw node.fault("${params.\(field)} is not declared; add '\(field)' under the pipeline's params")
                }
            case .reference(let source, _):
                guard path(from: stage.name, to: source) != nil else {
                    throw node.fault(
                        "uses a result of '\(source)' without waiting for it; add it to the stage's needs")
                }
            }
        }
    }
}

extension JSONValue {
    /// Every text in it, keys left out.
    fileprivate var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap(\.strings)
        case .object(let members): members.sorted { $0.key < $1.key }.flatMap(\.value.strings)
        case .null, .bool, .integer, .number: []
        }
    }
}
