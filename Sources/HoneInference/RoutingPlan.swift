public import HoneModel

/// How requests are spread over a model's paths.
public struct RoutingPlan: Sendable, Equatable {
    public enum Mode: Sendable, Equatable {
        /// The router picks the path of the least expected error plus `cost` times what it computes, the deep path's
        /// computing being 1.
        case lossy(cost: Double)
        /// The first layers write `draft` tokens, the others look at them: the answers are the deep path's own.
        case lossless(draft: Int)
        /// Every request takes this path.
        case fixed(RoutePath)
    }

    public var mode: Mode
    /// Answers of a search.
    public var searchCount = 8
    /// Of a search where the request itself is greedy, whose answers would all be one.
    public var searchTemperature = 0.8
    /// The shallow path's share of the tokens that a request may have; an answer that wants more is none for it.
    public var shallowTokenShare = 0.5
    /// Where a router decides: an answer that was begun by the shallow path goes on with all layers from the first
    /// token on that the exit gives less than this probability, or that is beyond the path's share. 0 leaves it as it
    /// is.
    public var sureness = 0.0
    /// So many tokens are then written by all layers before the exit is asked again; 0 is all that are left.
    public var deepTokenCount = 0

    public init(_ mode: Mode) {
        self.mode = mode
    }

    /// Of the tokens that a request may have, those of the shallow path.
    func shallowTokenCount(of count: Int) -> Int { max(1, Int(Double(count) * shallowTokenShare)) }
}

/// Which way an answer came, and what it computed: of every token the layers that it passed.
public struct RouteRecord: Sendable, Equatable {
    public var path: RoutePath
    /// The router's probability that the path answers right; nil where nobody asked it.
    public var confidence: Double?
    /// Layers times tokens, those of the router and of drafts included.
    public var computed: Int
    /// What the deep path alone computes for the same tokens.
    public var deep: Int

    /// The share that was not computed; below 0 where more was.
    public var saved: Double { 1 - Double(computed) / Double(max(deep, 1)) }
}

/// A result and the way that it came.
public struct RoutedResult: Sendable, Equatable {
    public var result: GenerationResult
    public var route: RouteRecord
}

/// Why a model cannot answer as a plan asks.
public enum RoutingError: Error, Equatable, CustomStringConvertible {
    case noExit
    case noRouter
    case setting(name: String, reason: String)

    public var description: String {
        switch self {
        case .noExit:
            "the checkpoint has no early exit, so it has one path; train one with \"early_exit\" in train.sft's "
                + "configuration, or leave \"routing\" out"
        case .noRouter:
            "the checkpoint has an early exit and no router; train one by train.router, or ask for a fixed path"
        case .setting(let name, let reason):
            "routing: \(name) \(reason)"
        }
    }
}

extension RoutingPlan {
    /// - Throws: `RoutingError` where the plan or the model cannot be meant.
    func check(_ parts: RoutingParts?) throws(RoutingError) {
        func require(_ holds: Bool, _ name: String, _ reason: String) throws(RoutingError) {
            if !holds { throw .setting(name: name, reason: reason) }
        }
        try require((2...256).contains(searchCount), "search_samples", "must be between 2 and 256, is \(searchCount)")
        try require((0..<1).contains(sureness), "sureness", "must be 0 or above and below 1, is \(sureness)")
        if sureness > 0 {
            guard case .lossy = mode else {
                throw .setting(name: "sureness", reason: "is for the mode \"lossy\", where a router decides")
            }
        }
        try require(deepTokenCount >= 0, "deep_tokens", "must be 0 or above, is \(deepTokenCount)")
        try require(
            deepTokenCount == 0 || sureness > 0, "deep_tokens", "needs a \"sureness\" that the exit's word is held to")
        switch mode {
        case .lossy(let cost):
            try require(cost >= 0 && cost.isFinite, "cost", "must be 0 or above, is \(cost)")
            guard let parts else { throw .noExit }
            if parts.router == nil { throw .noRouter }
        case .lossless(let draft):
            try require((1...64).contains(draft), "draft", "must be between 1 and 64, is \(draft)")
            if parts == nil { throw .noExit }
        case .fixed(.shallow):
            if parts == nil { throw .noExit }
        case .fixed: break
        }
    }
}
