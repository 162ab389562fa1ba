/// Tasks by what was said about their units, those alike counted together: all that measures of agreement depend on.
///
/// Memory grows with the tasks that differ, not with the tasks, but for one number a task.
struct RatedTasks: Sendable {
    struct Rating: Hashable, Sendable {
        /// In the order in which labellers were met.
        let labeller: Int
        let value: Int
    }

    /// By labeller.
    typealias Unit = [Rating]

    private(set) var distinct: [[Unit]] = []
    /// Of every task, its place in `distinct`.
    private(set) var tasks: [Int32] = []
    private var places: [[Unit]: Int32] = [:]

    mutating func add(_ units: [Unit]) {
        let sorted = units.map { $0.sorted { $0.labeller < $1.labeller } }
        let place = places[sorted] ?? Int32(distinct.count)
        if place == distinct.count {
            distinct.append(sorted)
            places[sorted] = place
        }
        tasks.append(place)
    }

    /// How often each of `distinct` occurs.
    var counts: [Int] { tasks.reduce(into: [Int](repeating: 0, count: distinct.count)) { $0[Int($1)] += 1 } }
}
