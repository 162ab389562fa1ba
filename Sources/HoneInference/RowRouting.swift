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
/// answer that was begun by the first layers goes on with all of them where the exit is not sure enough of a token, for
/// good or for some tokens (CALM, Schuster et al. 2022, arXiv:2207.07061, section 3, has this token alone; here the
/// other layers first catch up with the tokens before, so that their cache is whole).
struct RowRouting {
    /// The layers before the exit, and the exit.
    let first: PreparedModel
    let exit: EarlyExit
    let plan: RoutingPlan
    private let router: Router
    private let choose: ([RoutePath: Double]) -> RoutePath
    private let numbers: PathNumbers
    /// What was decided, by request.
    private(set) var choices: [Int: RouteChoice] = [:]
    /// Of the answers that left the shallow path, by number.
    private var deepened: [Int: DeepAnswer] = [:]

    /// An answer that was begun by the first layers, and what the others have of it.
    private struct DeepAnswer {
        /// They write up to this token of the answer.
        var end: Int
        /// Tokens, those of the prompt included, that they have read.
        var readCount = 0
    }

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

    /// How deep an answer is read that has so many tokens.
    func depth(of number: Int, tokenCount: Int) -> NetworkDepth {
        guard let path = numbers.path(of: number) else { return .undecided }
        return path == .shallow && tokenCount >= deepened[number]?.end ?? 0 ? .shallow : .whole
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

    /// The answer of this number, which has so many tokens, goes on with all layers.
    mutating func deepen(_ number: Int, tokenCount: Int) {
        deepened[number, default: DeepAnswer(end: 0)].end =
            plan.deepTokenCount == 0 ? .max : tokenCount + plan.deepTokenCount
    }

    /// All layers have read so many tokens of what this number asks; a row that is put back begins anew.
    mutating func didRead(_ number: Int, _ count: Int) {
        guard let known = deepened[number]?.readCount else { return }
        deepened[number]?.readCount = max(known, count)
    }

    /// Tokens of an answer that was begun by the first layers that the others have read; nil where they read none.
    func deepReadCount(of number: Int) -> Int? { deepened[number]?.readCount }

    /// Decides for prompts by their features and the numbers of the requests that ask them.
    ///
    /// - Returns: for each prompt the numbers of the requests that its own turn into
    mutating func decide(_ features_BF: Tensor, for requests: [[Int]]) -> [[Int]] {
        zip(requests, router.successes(features_BF)).map { requests, chances in
            let path = choose(chances)
            for request in requests { choices[request] = RouteChoice(path: path, chances: chances) }
            return requests.flatMap { numbers.of($0, on: path) }
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
    /// Has a step's tokens read by the layers that all paths have in common, and decides what is to be decided; then by
    /// the exit's layer where answers may end there, and by all others where not, with all that those have not read.
    mutating func takeRouted(_ step: NetworkStep, _ counts: [Int]) -> TakenTokens {
        guard let routing else { preconditionFailure("a step of several paths in a loop of one") }
        var taken = TakenTokens()
        routing.first.begin(step, before: routing.exit.commonLayer, pages: pool.pages)
        didCompute(counts)
        decide(counts)
        finish(.shallow, by: routing.first, &taken)
        finish(.whole, by: weights.model, &taken)
        for index in rows.indices where rows[index].depth == .whole { mayRise(index) }
        return taken
    }

    /// Reads the rows of a depth to its end. Those that the exit turns out unsure of are of another then.
    private mutating func finish(_ depth: NetworkDepth, by model: PreparedModel, _ taken: inout TakenTokens) {
        guard let layer = routing?.exit.commonLayer else { return }
        let own = rows.indices.filter { rows[$0].depth == depth }
        // What is too much for one step is read ahead of it.
        while own.reduce(0, { $0 + rows[$1].unfinishedCount }) > limits.prefillTokenCount + own.count {
            var ahead = NetworkStep()
            for index in own {
                rows[index].addUnfinished(upTo: limits.prefillTokenCount - ahead.tokenCount, to: &ahead)
            }
            _ = model.finish(ahead, atLayer: layer, pages: pool.pages)
        }
        var step = NetworkStep()
        for index in own { rows[index].addUnfinished(to: &step) }
        guard step.tokenCount > 0 else { return }
        take(depth, from: StepLogits(model.finish(step, atLayer: layer, pages: pool.pages)), &taken)
    }

    /// The exit is asked again about an answer that all layers have written enough of.
    private mutating func mayRise(_ index: Int) {
        let answer = rows[index].answer
        routing?.didRead(answer.position, rows[index].finishedCount)
        if routing?.depth(of: answer.position, tokenCount: answer.tokens.count) == .shallow { rows[index].rise() }
    }

    /// Decides for the prompts that this step has read to their end.
    private mutating func decide(_ counts: [Int]) {
        guard let routing else { return }
        let ending = counts.indices.filter {
            rows[$0].depth == .undecided && rows[$0].pendingCount == 0 && counts[$0] > 0
        }
        if ending.isEmpty { return }
        var prompts = NetworkStep()
        for index in ending { rows[index].addComputed(to: &prompts) }
        let features_BF = routing.exit.routingFeatures(
            routing.first.hidden(prompts, pages: pool.pages), lengths: ending.map { rows[$0].tokens.count })
        let decided = self.routing?.decide(
            features_BF, for: ending.map { [rows[$0].answer.position] + rows[$0].followers })
        for (index, numbers) in zip(ending, decided ?? []) {
            guard let first = numbers.first, let depth = self.routing?.depth(of: first, tokenCount: 0) else { continue }
            // Pages whose upper layers may yet be read are not for others.
            let isOpen = depth == .shallow && routing.mayDeepen
            rows[index].decide(
                depth, for: questions.answer(first), followers: Array(numbers.dropFirst()),
                root: limits.sharesPrefixes && !isOpen ? root(of: first, depth) : nil)
        }
    }
}
