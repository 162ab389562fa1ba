/// A bounded sample of a stream in which rare classes keep their place: class-balancing reservoir sampling (Chrysakis
/// and Moens 2020, "Online continual learning from imbalanced data", algorithm 1).
///
/// While there is room everything is kept. Then an element of a class that was never a largest one drives out one of a
/// largest class; within a class that was, each element seen so far is kept with equal probability. What is kept
/// follows from the seed and the order of the stream.
public struct BalancedReservoir<Element> {
    public let capacity: Int
    private var classes: [String: Class] = [:]
    private var count = 0
    private var random: SplitMix64

    private struct Class {
        var kept: [(order: Int, element: Element)] = []
        var seen = 0
        var isFull = false
    }

    private var seen = 0

    public init(capacity: Int, seed: UInt64) {
        precondition(capacity > 0, "a reservoir for \(capacity) elements")
        self.capacity = capacity
        random = SplitMix64(seed: seed, stream: 0x5EED)
    }

    /// Offers the next element of the stream.
    public mutating func offer(_ element: Element, of name: String) {
        seen += 1
        classes[name, default: Class()].seen += 1
        if count < capacity {
            classes[name]?.kept.append((seen, element))
            count += 1
            return
        }
        markLargest()
        guard let own = classes[name] else { return }
        if own.isFull {
            let place = random.next(below: own.seen)
            if place < own.kept.count { classes[name]?.kept[place] = (seen, element) }
        } else if let largest = largestClass {
            let place = random.next(below: classes[largest]?.kept.count ?? 0)
            classes[largest]?.kept.swapRemove(at: place)
            classes[name]?.kept.append((seen, element))
        }
    }

    /// What is kept, in the order of the stream.
    public var elements: [Element] {
        classes.values.flatMap(\.kept).sorted { $0.order < $1.order }.map(\.element)
    }

    /// How many are kept of each class.
    public var counts: [String: Int] { classes.mapValues(\.kept.count) }

    private mutating func markLargest() {
        let most = classes.values.map(\.kept.count).max() ?? 0
        for (name, entry) in classes where entry.kept.count == most { classes[name]?.isFull = true }
    }

    /// The largest class; of several the first by name, for the sake of repeatability.
    private var largestClass: String? {
        classes.max { ($0.value.kept.count, $1.key) < ($1.value.kept.count, $0.key) }?.key
    }
}

extension Array {
    /// Removes an element by putting the last one into its place.
    fileprivate mutating func swapRemove(at index: Int) {
        swapAt(index, count - 1)
        removeLast()
    }
}
