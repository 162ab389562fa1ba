/// A machine made deterministic as far as texts have come: a state is the set of all places in the machine where a text
/// may have led, each with the rules that are still open there.
///
/// So a text's state is found in one step a byte, also where rules hold themselves (a pushdown automaton's stack is
/// part of its state). States are made when they are first come to, kept, and all forgotten together when they take
/// more room than they may; `generation` then says that old numbers mean nothing any more.
struct Automaton {
    /// A place: a node, and the rules that are open around it.
    struct Place: Hashable {
        let node: Int32
        let frame: Int32
    }

    /// A rule that is open: where its caller goes on, and what is open around that.
    struct Frame: Hashable {
        let target: Int32
        let parent: Int32
    }

    struct State: Hashable {
        /// In rising order; their nodes have edges.
        let places: [Place]
        /// Whether a text may end here; of places in `base`, whether the rules around it may be gone back to.
        let isEnd: Bool
    }

    let machine: Machine
    private let byteLimit: Int
    private(set) var generation = 0
    private(set) var states: [State] = []
    /// From every state, the fewest bytes to a whole text.
    private(set) var distances: [Int] = []
    private var numbers: [State: Int32] = [:]
    private var frames: [Frame] = []
    /// The fewest bytes from where a frame's rule has ended to a whole text.
    private(set) var frameDistances: [Int] = []
    private var frameNumbers: [Frame: Int32] = [:]
    /// The state after a state and a class of bytes; `unknown` until it is asked for.
    private var table: [Int32] = []
    private(set) var start = Automaton.dead
    /// What tables and states take.
    private(set) var byteCount = 0

    /// The state that no text leads on from.
    static let dead: Int32 = 0
    private static let unknown: Int32 = -1
    /// The frame with nothing around it.
    static let base: Int32 = 0
    /// So many times the limit a single step may take at most.
    private static let overdraft = 4

    init(_ machine: Machine, byteLimit: Int) throws(FormatError) {
        self.machine = machine
        self.byteLimit = byteLimit
        try reset()
    }

    var isFull: Bool { byteCount > byteLimit }

    /// Forgets every state but the first two.
    mutating func reset() throws(FormatError) {
        generation += 1
        (states, distances, table, byteCount) = ([], [], [], 0)
        numbers.removeAll()
        frameNumbers.removeAll()
        frames = [Frame(target: -1, parent: -1)]
        frameDistances = [0]
        _ = try number(of: State(places: [], isEnd: false))
        start = try state(from: [Place(node: machine.start, frame: Self.base)])
    }

    /// Counts what somebody else keeps for a state.
    mutating func count(bytes: Int) { byteCount += bytes }

    // MARK: Stepping

    /// The state after some bytes, if all on the way have been asked for before.
    func knownState(after state: Int32, _ bytes: [UInt8]) -> Int32? {
        var next = state
        let (count, ofByte) = (machine.classes.count, machine.classes.ofByte)
        for byte in bytes {
            next = table[Int(next) * count + Int(ofByte[Int(byte)])]
            if next == Self.unknown { return nil }
        }
        return next
    }

    mutating func state(after state: Int32, _ byte: UInt8) throws(FormatError) -> Int32 {
        let byteClass = Int(machine.classes.ofByte[Int(byte)])
        let cell = Int(state) * machine.classes.count + byteClass
        if table[cell] != Self.unknown { return table[cell] }
        let example = machine.classes.examples[byteClass]
        var reached: [Place] = []
        for place in states[Int(state)].places {
            for edge in machine.nodes[Int(place.node)].edges where edge.bytes.contains(example) {
                reached.append(Place(node: edge.target, frame: place.frame))
            }
        }
        let next = try self.state(from: reached)
        table[cell] = next
        return next
    }

    /// The state where the rule of `frame` has just ended.
    mutating func state(afterRuleOf frame: Int32) throws(FormatError) -> Int32 {
        let frame = frames[Int(frame)]
        return try state(from: [Place(node: frame.target, frame: frame.parent)])
    }

    /// The state of these nodes, with nothing around them.
    mutating func state(ofNodes nodes: [Int32]) throws(FormatError) -> Int32 {
        try number(of: State(places: nodes.map { Place(node: $0, frame: Self.base) }, isEnd: false))
    }

    /// Follows what costs no byte: silent edges, calls, and rules' ends.
    private mutating func state(from places: [Place]) throws(FormatError) -> Int32 {
        var waiting = places
        var seen = Set(places)
        var reading: [Place] = []
        var isEnd = false
        while let place = waiting.popLast() {
            let node = machine.nodes[Int(place.node)]
            if !node.edges.isEmpty { reading.append(place) }
            var next = node.silent.map { Place(node: $0, frame: place.frame) }
            for call in node.calls {
                let frame = frameNumber(Frame(target: call.target, parent: place.frame))
                next.append(Place(node: machine.starts[Int(call.rule)], frame: frame))
            }
            if node.isEnd, place.frame == Self.base {
                isEnd = true
            } else if node.isEnd {
                let frame = frames[Int(place.frame)]
                next.append(Place(node: frame.target, frame: frame.parent))
            }
            for place in next where seen.insert(place).inserted { waiting.append(place) }
        }
        reading.sort { ($0.frame, $0.node) < ($1.frame, $1.node) }
        return try number(of: State(places: reading, isEnd: isEnd))
    }

    private mutating func frameNumber(_ frame: Frame) -> Int32 {
        if let number = frameNumbers[frame] { return number }
        frames.append(frame)
        frameDistances.append(machine.distances[Int(frame.target)] + frameDistances[Int(frame.parent)])
        frameNumbers[frame] = Int32(frames.count - 1)
        byteCount += 64
        return Int32(frames.count - 1)
    }

    private mutating func number(of state: State) throws(FormatError) -> Int32 {
        if let number = numbers[state] { return number }
        if byteCount > Self.overdraft * byteLimit { throw .tooLarge(limit: "\(byteLimit >> 20) MB of states") }
        states.append(state)
        let ways = state.places.map { machine.distances[Int($0.node)] + frameDistances[Int($0.frame)] }
        distances.append(state.isEnd ? 0 : ways.min() ?? .max)
        let number = Int32(states.count - 1)
        numbers[state] = number
        let filling = state.places.isEmpty ? Self.dead : Self.unknown
        table.append(contentsOf: repeatElement(filling, count: machine.classes.count))
        byteCount += machine.classes.count * 4 + state.places.count * 16 + 168
        return number
    }
}
