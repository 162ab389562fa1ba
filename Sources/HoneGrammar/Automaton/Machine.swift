/// A grammar as one network of nodes, over bytes: a rule is entered at its start and left at its end, and what called
/// it goes on from there (Woods, "Transition network grammars", 1970).
///
/// From every node that is left in it the end can be reached.
struct Machine: Sendable {
    struct Edge: Sendable {
        let bytes: ClosedRange<UInt8>
        let target: Int32
    }

    struct Call: Sendable {
        let rule: Int32
        /// Where it goes on once the rule has ended.
        let target: Int32
    }

    struct Node: Sendable {
        var edges: [Edge] = []
        var silent: [Int32] = []
        var calls: [Call] = []
        /// Whether its rule ends here.
        var isEnd = false
    }

    private(set) var nodes: [Node]
    private(set) var starts: [Int32]
    /// Bytes that no edge tells apart are of one class.
    let classes: ByteClasses
    /// From every node, the fewest bytes to the end of its rule.
    private(set) var distances: [Int] = []

    private let root: Int

    static let nodeLimit = 100_000

    var start: Int32 { starts[root] }

    /// The rule `root` is the whole text.
    init(_ rules: [Expression], root: Int = 0) throws(FormatError) {
        self.root = root
        var builder = Builder(ruleCount: rules.count)
        for (rule, expression) in rules.enumerated() { try builder.add(expression, as: rule) }
        nodes = builder.nodes
        starts = builder.starts
        classes = ByteClasses(builder.nodes.flatMap { $0.edges.map(\.bytes) })
        try prune()
        try checkRecursion()
        measure()
    }

    /// Every byte that a text may have.
    var bytes: Set<UInt8> { Set(nodes.flatMap { $0.edges.flatMap { Array($0.bytes) } }) }

    // MARK: Building

    private struct Builder {
        var nodes: [Node] = []
        var starts: [Int32]

        init(ruleCount: Int) { starts = Array(repeating: 0, count: ruleCount) }

        mutating func add(_ expression: Expression, as rule: Int) throws(FormatError) {
            var end = Node()
            end.isEnd = true
            starts[rule] = try compile(expression, next: add(end))
        }

        private mutating func add(_ node: Node) throws(FormatError) -> Int32 {
            guard nodes.count < Machine.nodeLimit else { throw .tooLarge(limit: "\(Machine.nodeLimit) states") }
            nodes.append(node)
            return Int32(nodes.count - 1)
        }

        /// The node from which `expression` and then `next` are read.
        private mutating func compile(_ expression: Expression, next: Int32) throws(FormatError) -> Int32 {
            switch expression {
            case .byte(let bytes):
                return try add(Node(edges: [Edge(bytes: bytes, target: next)]))
            case .sequence(let parts):
                var next = next
                for part in parts.reversed() { next = try compile(part, next: next) }
                return next
            case .choice(let branches):
                var node = Node()
                for branch in branches { node.silent.append(try compile(branch, next: next)) }
                return try add(node)
            case .repeated(let inner, let minimum, let maximum):
                var start: Int32
                if let maximum {
                    start = try optional(inner, count: maximum - minimum, next: next)
                } else {
                    start = try loop(inner, next: next)
                }
                for _ in 0..<minimum { start = try compile(inner, next: start) }
                return start
            case .rule(let rule):
                return try add(Node(calls: [Call(rule: Int32(rule), target: next)]))
            }
        }

        private mutating func optional(_ inner: Expression, count: Int, next: Int32) throws(FormatError) -> Int32 {
            var start = next
            for _ in 0..<count {
                let taken = try compile(inner, next: start)
                start = try add(Node(silent: [taken, next]))
            }
            return start
        }

        private mutating func loop(_ inner: Expression, next: Int32) throws(FormatError) -> Int32 {
            let loop = try add(Node())
            nodes[Int(loop)].silent = [try compile(inner, next: loop), next]
            return loop
        }
    }

    // MARK: Checking

    /// Takes away what never reaches an end.
    private mutating func prune() throws(FormatError) {
        var reaches = nodes.map(\.isEnd)
        func leads(_ call: Call) -> Bool { reaches[Int(call.target)] && reaches[Int(starts[Int(call.rule)])] }
        var isChanged = true
        while isChanged {
            isChanged = false
            for (index, node) in nodes.enumerated() where !reaches[index] {
                guard
                    node.edges.contains(where: { reaches[Int($0.target)] })
                        || node.silent.contains(where: { reaches[Int($0)] }) || node.calls.contains(where: leads)
                else { continue }
                reaches[index] = true
                isChanged = true
            }
        }
        guard reaches[Int(start)] else { throw .nothingFits }
        for index in nodes.indices {
            nodes[index].edges.removeAll { !reaches[Int($0.target)] }
            nodes[index].silent.removeAll { !reaches[Int($0)] }
            nodes[index].calls.removeAll { !leads($0) }
        }
    }

    /// The shortest text of every node, by the shortest ones of where it leads until none gets shorter: nodes stand
    /// behind what they lead to but in loops, so that takes a few rounds.
    private mutating func measure() {
        let unknown = Int.max / 4
        distances = nodes.map { $0.isEnd ? 0 : unknown }
        var isChanged = true
        while isChanged {
            isChanged = false
            for (index, node) in nodes.enumerated() {
                var least = distances[index]
                for edge in node.edges { least = min(least, 1 + distances[Int(edge.target)]) }
                for next in node.silent { least = min(least, distances[Int(next)]) }
                for call in node.calls {
                    let inside = distances[Int(starts[Int(call.rule)])]
                    least = min(least, inside + distances[Int(call.target)])
                }
                guard least < distances[index] else { continue }
                distances[index] = least
                isChanged = true
            }
        }
    }

    /// A rule that comes to itself before any byte would be entered for ever.
    private func checkRecursion() throws(FormatError) {
        var isEmpty = starts.map { _ in false }
        /// The rules entered before a byte is read, and whether the rule can end before.
        func first(_ rule: Int) -> (calls: Set<Int>, ends: Bool) {
            var (calls, seen, ends) = (Set<Int>(), Set<Int32>(), false)
            var waiting = [starts[rule]]
            while let index = waiting.popLast() {
                guard seen.insert(index).inserted else { continue }
                let node = nodes[Int(index)]
                ends = ends || node.isEnd
                waiting += node.silent
                for call in node.calls {
                    calls.insert(Int(call.rule))
                    if isEmpty[Int(call.rule)] { waiting.append(call.target) }
                }
            }
            return (calls, ends)
        }
        while let rule = starts.indices.first(where: { !isEmpty[$0] && first($0).ends }) { isEmpty[rule] = true }
        let calls = starts.indices.map { first($0).calls }
        var done = Set<Int>()
        func visit(_ rule: Int, _ path: Set<Int>) throws(FormatError) {
            if path.contains(rule) { throw .refersToItself }
            guard !done.contains(rule) else { return }
            for next in calls[rule] { try visit(next, path.union([rule])) }
            done.insert(rule)
        }
        for rule in starts.indices { try visit(rule, []) }
    }
}

/// Which bytes a machine tells apart.
struct ByteClasses: Sendable {
    /// The class of every byte.
    let ofByte: [UInt8]
    /// One byte of every class.
    let examples: [UInt8]

    init(_ ranges: [ClosedRange<UInt8>]) {
        var begins = [Bool](repeating: false, count: 257)
        for range in ranges {
            begins[Int(range.lowerBound)] = true
            begins[Int(range.upperBound) + 1] = true
        }
        var (ofByte, examples): ([UInt8], [UInt8]) = ([], [])
        for byte in UInt8.min...UInt8.max {
            if byte == 0 || begins[Int(byte)] { examples.append(byte) }
            ofByte.append(UInt8(examples.count - 1))
        }
        self.ofByte = ofByte
        self.examples = examples
    }

    var count: Int { examples.count }
}
