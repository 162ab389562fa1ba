extension PipelineDefinition {
    /// How a graph can be written.
    public enum GraphFormat: String, CaseIterable, Sendable {
        /// One line a stage, in an order in which they can run.
        case text
        /// For Graphviz.
        case dot
        /// For Markdown pages.
        case mermaid
    }

    /// The stages and what each waits for.
    public func graph(_ format: GraphFormat) -> String {
        switch format {
        case .text: textGraph
        case .dot: dotGraph
        case .mermaid: mermaidGraph
        }
    }

    private var textGraph: String {
        let width = stages.map(\.name.count).max() ?? 0
        let kindWidth = stages.map(\.kind.count).max() ?? 0
        return stagesInOrder.map { stage in
            let start = stage.name.padded(to: width) + "  " + stage.kind.padded(to: kindWidth)
            return stage.needs.isEmpty ? start : start + "  after " + stage.needs.joined(separator: ", ")
        }.joined(separator: "\n")
    }

    private var dotGraph: String {
        let nodes = stages.map { "  \"\($0.name)\" [label=\"\($0.name)\\n\($0.kind)\"];" }
        let edges = stages.flatMap { stage in stage.needs.map { "  \"\($0)\" -> \"\(stage.name)\";" } }
        return (["digraph \"\(name)\" {", "  rankdir=LR;"] + nodes + edges + ["}"]).joined(separator: "\n")
    }

    /// Mermaid's identifiers are numbers here: its own words (`end`) must not be names.
    private var mermaidGraph: String {
        let index = Dictionary(uniqueKeysWithValues: stages.enumerated().map { ($1.name, $0) })
        let nodes = stages.enumerated().map { "  s\($0)[\"\($1.name)<br/>\($1.kind)\"]" }
        let edges = stages.enumerated().flatMap { place, stage in
            stage.needs.compactMap { need in index[need].map { "  s\($0) --> s\(place)" } }
        }
        return (["flowchart LR"] + nodes + edges).joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
