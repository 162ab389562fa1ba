/// How a router is told to choose.
struct RoutingSetting: Hashable, Encodable, Comparable, CustomStringConvertible {
    var cost: Double
    var sureness = 0.0
    /// Tokens of all layers behind one that the exit is not sure of; 0 is all that are left.
    var deepTokens = 0

    /// Of the deep path's accuracy, in percent, what settings are chosen for.
    static let aims = [95, 98]
    /// What is chosen among: the router's word is the last, or answers may leave the shallow path. At a cost of 1.5
    /// nearly all are begun there.
    static let candidates =
        [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.5].map { RoutingSetting(cost: $0) }
        + [0.2, 0.6, 1.5].flatMap { cost in
            [0, 1, 8].flatMap { count in
                [0.5, 0.6, 0.7, 0.8, 0.9, 0.95].map { RoutingSetting(cost: cost, sureness: $0, deepTokens: count) }
            }
        }
    /// What is reported besides the chosen ones.
    static let reported =
        [0, 0.05, 0.1, 0.2, 0.35, 0.6].map { RoutingSetting(cost: $0) }
        + [0.5, 0.6, 0.7, 0.8, 0.9, 0.95].flatMap { sureness in
            [0, 1].map { RoutingSetting(cost: 1.5, sureness: sureness, deepTokens: $0) }
        }

    /// What it is a point of.
    var front: String {
        if sureness == 0 { return "router" }
        return deepTokens == 0 ? "watched" : "asked again"
    }

    static func < (a: RoutingSetting, b: RoutingSetting) -> Bool {
        (a.deepTokens, a.sureness, a.cost) < (b.deepTokens, b.sureness, b.cost)
    }

    var description: String {
        "cost \(cost)" + (sureness > 0 ? ", sureness \(sureness)" : "")
            + (deepTokens > 0 ? ", \(deepTokens) deep tokens" : "")
    }
}
