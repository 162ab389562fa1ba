import Foundation
import HoneModel
import HoneTensor

/// Which layers read a sequence.
enum NetworkDepth: Hashable {
    /// The first ones, until a router has decided.
    case undecided
    /// The first ones, and the exit behind them.
    case shallow
    case whole
}

/// How the requests of a row loop are spread over a model's paths: in the very step that reads a prompt to its end, by
/// what the layers before the exit made of it.
///
/// A request turns into those that its path asks: a search into several. All of them have numbers from the start. An
/// answer that was begun by the first layers goes on with all of them where the exit is not sure enough of a token
/// (as in CALM, Schuster et al. 2022, arXiv:2207.07061, section 3, but for good, so that its cache is whole).
struct RowRouting {
    /// The first layers and the exit.
    let first: PreparedModel
    let exit: EarlyExit
    let plan: RoutingPlan
    private let router: Router
    private let choose: ([RoutePath: Double]) -> RoutePath
    private let numbers: PathNumbers
    /// What was decided, by request.
    private(set) var choices: [Int: RouteChoice] = [:]
    /// Numbers of the answers that left the shallow path.
    private(set) var deepened: Set<Int> = []

    init(
        first: PreparedModel, exit: EarlyExit, router: Router, numbers: PathNumbers, plan: RoutingPlan,
        choose: @escaping ([RoutePath: Double]) -> RoutePath
    ) {
        self.first = first
        self.exit = exit
        self.plan = plan
        self.router = router
        self.numbers = numbers
        self.choose = choose
    }

    func depth(of number: Int) -> NetworkDepth {
        guard let path = numbers.path(of: number) else { return .undecided }
        return path == .shallow && !deepened.contains(number) ? .shallow : .whole
    }

    /// Whether an answer of the first layers may go on with the others.
    var mayDeepen: Bool { plan.sureness > 0 }

    /// Whether the exit's pick is not to be trusted: it gives the token little probability, or the answer has become
    /// too long for it.
    func isUnsure(_ pick: TokenPick, of answer: Answer) -> Bool {
        guard mayDeepen, answer.certain.isEmpty else { return false }
        return Double(pick.logProb) < log(plan.sureness)
            || answer.tokens.count >= plan.shallowTokenCount(of: answer.tokens.count + answer.room)
    }

    /// The answer of this number goes on with all layers.
    mutating func deepen(_ number: Int) { deepened.insert(number) }

    /// Decides for prompts by their features, `[F]` each, and their requests' numbers.
    ///
    /// - Returns: for each prompt the numbers of the requests that its own turn into
    mutating func decide(_ prompts: [(features_F: Tensor, requests: [Int])]) -> [[Int]] {
        if prompts.isEmpty { return [] }
        let successes = router.successes(Tensor.stack(prompts.map(\.features_F)))
        return zip(prompts, successes).map { prompt, chances in
            let path = choose(chances)
            for request in prompt.requests { choices[request] = RouteChoice(path: path, chances: chances) }
            return prompt.requests.flatMap { numbers.of($0, on: path) }
        }
    }
}

/// The path of a request, with the router's probabilities that each answers right, where it was asked.
struct RouteChoice {
    var path: RoutePath
    var chances: [RoutePath: Double] = [:]
}

/// The numbers of requests, from 0, and of those that they turn into, path by path.
struct PathNumbers {
    private let requestCount: Int
    private var paths: [(path: RoutePath, numbers: Range<Int>)] = []

    init(requestCount: Int) { self.requestCount = requestCount }

    /// All numbers.
    var count: Int { paths.last?.numbers.upperBound ?? requestCount }

    /// The requests of a path got these numbers, those of one request side by side.
    mutating func append(_ path: RoutePath, _ numbers: Range<Int>) { paths.append((path, numbers)) }

    /// The path that asks this; nil for what was asked itself.
    func path(of number: Int) -> RoutePath? { paths.first { $0.numbers.contains(number) }?.path }

    func of(_ request: Int, on path: RoutePath) -> Range<Int> {
        guard let numbers = paths.first(where: { $0.path == path })?.numbers else {
            preconditionFailure("nothing is asked on the path '\(path)'")
        }
        let each = numbers.count / requestCount
        return numbers.lowerBound + request * each..<numbers.lowerBound + (request + 1) * each
    }

    /// The request that a number stands for.
    func request(of number: Int) -> Int {
        guard let numbers = paths.first(where: { $0.numbers.contains(number) })?.numbers else { return number }
        return (number - numbers.lowerBound) / (numbers.count / requestCount)
    }
}

extension RowLoop {
    /// Reads a step's tokens with the first layers, decides what is to be decided, and goes on with those that all
    /// layers read.
    ///
    /// - Returns: logits as a step of one network has them
    mutating func routedLogits(_ step: NetworkStep, _ counts: [Int]) -> Tensor {
        guard let routing else { preconditionFailure("a step of several paths in a loop of one") }
        let hidden_NC = routing.first.begin(step, pages: pool.pages)
        var places: [Range<Int>] = []
        for (index, count) in counts.enumerated() {
            let start = places.last?.upperBound ?? 0
            places.append(start..<start + (count > 0 ? count + rows[index].drafts.count : 0))
        }
        keepFirstHalves(hidden_NC, places)
        decide(places, counts)
        readFirstHalves(at: routing.exit.layer)

        var (early, late): ([Int], [Int]) = ([], [])
        var second = NetworkStep()
        var isEarly: [Bool] = []
        for (index, count) in counts.enumerated() where count > 0 {
            let isRead = count == rows[index].pendingCount
            let readCount = isRead ? 1 + rows[index].drafts.count : 0
            switch rows[index].depth {
            case .undecided: continue
            case .shallow: early += places[index].suffix(readCount)
            case .whole:
                late += places[index]
                rows[index].add(count, to: &second)
            }
            isEarly += [Bool](repeating: rows[index].depth == .shallow, count: readCount)
        }
        let ends = (
            early.isEmpty ? nil : routing.first.logits(hidden_NC.taking(early)),
            late.isEmpty
                ? nil
                : weights.model.finish(
                    second, from: hidden_NC.taking(late), atLayer: routing.exit.layer, pages: pool.pages)
        )
        return Self.merged(ends.0, ends.1, isEarly)
    }

    private mutating func keepFirstHalves(_ hidden_NC: Tensor, _ places: [Range<Int>]) {
        let mayDeepen = routing?.mayDeepen ?? false
        for index in rows.indices where !places[index].isEmpty {
            if rows[index].depth == .undecided || (rows[index].depth == .shallow && mayDeepen) {
                rows[index].keepFirstHalf(hidden_NC, places[index])
            }
        }
    }

    /// Decides for the prompts that this step has read to their end.
    private mutating func decide(_ places: [Range<Int>], _ counts: [Int]) {
        guard let exit = routing?.exit, let mayDeepen = routing?.mayDeepen else { return }
        let ending = rows.indices.filter {
            rows[$0].depth == .undecided && counts[$0] == rows[$0].pendingCount && counts[$0] > 0
        }
        let decided = routing?.decide(
            ending.map { index in
                (exit.routingFeatures(rows[index].firstHalf_TC), [rows[index].answer.position] + rows[index].followers)
            })
        for (index, numbers) in zip(ending, decided ?? []) {
            guard let first = numbers.first, let depth = routing?.depth(of: first) else { continue }
            let keepsHalves = depth == .shallow && mayDeepen
            rows[index].decide(
                depth, for: questions.answer(first), followers: Array(numbers.dropFirst()),
                root: limits.sharesPrefixes && !keepsHalves ? root(of: first, depth) : nil, keepsHalves: keepsHalves)
        }
    }

    /// Has the other layers read what only the first have read in earlier steps, where they are to.
    private mutating func readFirstHalves(at layer: Int) {
        while true {
            var step = NetworkStep()
            var pieces: [Tensor] = []
            for index in rows.indices where rows[index].isBehind {
                pieces.append(rows[index].addFirstHalf(upTo: limits.prefillTokenCount, to: &step))
            }
            if pieces.isEmpty { return }
            _ = weights.model.finish(step, from: Tensor.cat(pieces), atLayer: layer, pages: pool.pages)
        }
    }

    /// Logits of two ends of a network in the order of the step.
    private static func merged(_ early: Tensor?, _ late: Tensor?, _ isEarly: [Bool]) -> Tensor {
        guard let early, let late else { return early ?? late ?? Tensor.empty([0, 1]) }
        var (nextEarly, nextLate) = (0, early.size(0))
        let order = isEarly.map { isEarly in
            defer { if isEarly { nextEarly += 1 } else { nextLate += 1 } }
            return isEarly ? nextEarly : nextLate
        }
        return Tensor.cat([early, late]).rows(at: Tensor(order))
    }
}

extension Tensor {
    /// The rows at these places, rising; itself where they are all.
    fileprivate func taking(_ places: [Int]) -> Tensor {
        places.count == size(0) ? self : rows(at: Tensor(places))
    }
}
