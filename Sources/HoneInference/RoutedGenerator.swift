public import HoneModel
internal import HoneTensor
public import HoneTokenizer

/// Answers requests by the paths of one model, on the calling thread: shallow, deep, search, or deep with drafts.
///
/// What a request is answered, and by which path, does not depend on the others.
public struct RoutedGenerator {
    private let model: CausalLanguageModel
    private let parts: RoutingParts?
    /// Answers through all layers, as if there were no other path.
    let deep: TextGenerator
    private let shallow: TextGenerator?
    private let drafting: DraftedGenerator?
    private let limits: GenerationLimits
    private let device: Device

    /// An answer ends after one of `endTokens`; left out, after what the model's configuration and the tokenizer name.
    public init(
        model: CausalLanguageModel, parts: RoutingParts?, tokenizer: any Tokenizer, endTokens: [Int32]? = nil,
        limits: GenerationLimits = GenerationLimits()
    ) {
        self.init(
            model: model, parts: parts,
            deep: TextGenerator(model: model, tokenizer: tokenizer, endTokens: endTokens, limits: limits),
            tokenizer: tokenizer, endTokens: endTokens, limits: limits)
    }

    init(
        model: CausalLanguageModel, parts: RoutingParts?, deep: TextGenerator, tokenizer: any Tokenizer,
        endTokens: [Int32]?, limits: GenerationLimits
    ) {
        self.model = model
        self.parts = parts
        self.deep = deep
        shallow = parts.map { deep.shallow($0.exit, of: model) }
        drafting = parts.map { parts in
            DraftedGenerator(
                model: model, exit: parts.exit, tokenizer: tokenizer, endTokens: endTokens, limits: limits,
                formats: deep.formats)
        }
        self.limits = limits
        device = model.parameters.first?.device ?? .cpu
    }

    /// Throws what ``generate(_:plan:vote:isWanted:)`` would throw for the plan alone.
    public func check(_ plan: RoutingPlan) throws(RoutingError) { try plan.check(parts) }

    /// Answers every request.
    ///
    /// - Parameters:
    ///   - requests: any number; the limits decide how many run at a time
    ///   - plan: by which paths
    ///   - vote: chooses one of a search's results, which come with the position of their request
    ///   - isWanted: asked between steps; a request that is not wanted any more is dropped
    /// - Returns: one result per request, in their order
    /// - Throws: `RoutingError` for the plan, `InferenceError` for a request; `CancellationError`
    public func generate(
        _ requests: [GenerationRequest], plan: RoutingPlan,
        vote: (_ request: Int, _ results: [GenerationResult]) -> Int = { SearchVote.choose(among: $1.map(\.text)) },
        isWanted: (_ request: Int) -> Bool = { _ in true }
    ) throws -> [RoutedResult] {
        try check(plan)
        if case .lossless(let draft) = plan.mode, let drafting {
            return try drafting.generate(requests, draft: draft, isWanted: isWanted)
        }
        for (position, request) in requests.enumerated() {
            try request.check(at: position, model.configuration, limits)
        }
        let found = try oneByOne(requests, plan, isWanted) ?? pathByPath(requests, plan, isWanted)
        return found.enumerated().map { position, found in
            let request = requests[position]
            let result = found.results.count == 1 ? found.results[0] : found.results[vote(position, found.results)]
            let tokenCounts = found.results.map { request.prompt.count + $0.tokens.count }
            let route = RouteRecord(
                path: found.choice.path, confidence: found.choice.chances[found.choice.path],
                computed: tokenCounts.reduce(found.computed) { $0 + $1 * layerCount(of: found.choice.path) },
                deep: layerCount(of: .deep) * (request.prompt.count + result.tokens.count))
            return RoutedResult(result: result, route: route)
        }
    }

    /// What the path that was chosen for a request answered: a search several times.
    private struct Found {
        let choice: RouteChoice
        let results: [GenerationResult]
        /// Besides the results, in layers times tokens.
        var computed = 0
    }

    private func layerCount(of path: RoutePath) -> Int {
        path == .shallow ? parts?.exit.layer ?? 0 : model.configuration.layerCount
    }

    private func chooser(
        _ parts: RoutingParts, _ plan: RoutingPlan, _ cost: Double
    ) -> ([RoutePath: Double]) -> RoutePath {
        let costs = RouteCosts(
            exitLayer: parts.exit.layer, layerCount: model.configuration.layerCount, searchCount: plan.searchCount)
        return { costs.best($0, weight: cost) }
    }
}

// A router that decides in the step that reads a prompt.
extension RoutedGenerator {
    /// All paths in one loop, where a router decides and the row engine computes; nil elsewhere.
    private func oneByOne(
        _ requests: [GenerationRequest], _ plan: RoutingPlan, _ isWanted: (Int) -> Bool
    ) throws -> [Found]? {
        guard case .lossy(let cost) = plan.mode, let parts, let router = parts.router, var loop = deep.rowLoop,
            let first = shallow?.prepared, !requests.isEmpty
        else { return nil }
        var numbers = PathNumbers(requestCount: requests.count)
        _ = loop.add(try deep.questions(requests))
        for path in router.paths {
            let asked = requests.flatMap { $0.asked(on: path, plan) }
            numbers.append(path, loop.announce(try deep.questions(asked)))
        }
        loop.routing = RowRouting(
            first: first, exit: parts.exit, router: router, numbers: numbers, plan: plan,
            choose: chooser(parts, plan, cost))
        defer { loop.end() }
        var run = GenerationRun(requestCount: numbers.count)
        try run.finish(&loop, onStep: { _ in }, isWanted: { isWanted(numbers.request(of: $0)) })
        return requests.indices.map { request in
            guard let routing = loop.routing, var choice = routing.choices[request] else {
                return Found(choice: RouteChoice(path: .deep), results: [.nothing])
            }
            let own = numbers.of(request, on: choice.path)
            let results = own.map { run.results[$0] }
            guard let readCount = routing.deepReadCount(of: own.lowerBound) else {
                return Found(choice: choice, results: results)
            }
            choice.path = .deep
            // Nobody reads the last token, and it counts as one that is read, as everywhere.
            let unread = requests[request].prompt.count + results[0].tokens.count - 1 - readCount
            return Found(
                choice: choice, results: results, computed: unread * (layerCount(of: .shallow) - layerCount(of: .deep)))
        }
    }
}

// A path for each request, known before any is answered.
extension RoutedGenerator {
    private func pathByPath(
        _ requests: [GenerationRequest], _ plan: RoutingPlan, _ isWanted: (Int) -> Bool
    ) throws -> [Found] {
        guard plan.sureness == 0 else {
            throw RoutingError.setting(name: "sureness", reason: "is not for models that are computed layer by layer")
        }
        let (choices, computed) = try choose(requests, plan)
        var found = [Found?](repeating: nil, count: requests.count)
        for path in RoutePath.allCases {
            guard let generator = path == .shallow ? shallow : deep else { continue }
            let members = requests.indices.filter { choices[$0].path == path }
            let asked = members.map { requests[$0].asked(on: path, plan) }
            let owners = zip(members, asked).flatMap { [Int](repeating: $0, count: $1.count) }
            var results = try generator.generate(Array(asked.joined()), isWanted: { isWanted(owners[$0]) })[...]
            for (member, asked) in zip(members, asked) {
                found[member] = Found(
                    choice: choices[member], results: Array(results.prefix(asked.count)), computed: computed[member])
                results = results.dropFirst(asked.count)
            }
        }
        return found.map { found in
            guard let found else { preconditionFailure("a request took no path") }
            return found
        }
    }

    /// A path for each request, and what it took to choose it, in layers times tokens.
    private func choose(_ requests: [GenerationRequest], _ plan: RoutingPlan) throws -> ([RouteChoice], [Int]) {
        guard case .lossy(let cost) = plan.mode, let parts, let router = parts.router else {
            guard case .fixed(let path) = plan.mode else { throw RoutingError.noRouter }
            return (requests.map { _ in RouteChoice(path: path) }, requests.map { _ in 0 })
        }
        let choose = chooser(parts, plan, cost)
        let choices = successes(requests.map(\.prompt), parts.exit, router).map { chances in
            let path = choose(chances)
            return RouteChoice(path: path, chances: chances)
        }
        return (choices, requests.map { parts.exit.layer * $0.prompt.count })
    }

    /// What a router says of prompts, in one pass over as many as are taken in at once.
    private func successes(
        _ prompts: [[Int32]], _ exit: EarlyExit, _ router: Router
    ) -> [[RoutePath: Double]] {
        inferenceMode {
            var found: [[RoutePath: Double]] = []
            while found.count < prompts.count {
                var (end, tokenCount) = (found.count, 0)
                repeat {
                    tokenCount += prompts[end].count
                    end += 1
                } while end < prompts.count && tokenCount + prompts[end].count <= limits.prefillTokenCount
                let line = TokenLine(Array(prompts[found.count..<end]), device: device)
                found += router.successes(model.routingFeatures(line, exit))
            }
            return found
        }
    }
}

extension GenerationRequest {
    /// As a path asks it: once, and shortly where it is shallow; or as often as a search, each with draws of its own.
    fileprivate func asked(on path: RoutePath, _ plan: RoutingPlan) -> [GenerationRequest] {
        var request = self
        switch path {
        case .shallow:
            if plan.sureness == 0 { request.maximumNewTokens = plan.shallowTokenCount(of: maximumNewTokens) }
        case .deep: break
        case .search:
            if sampling.temperature == 0 { request.sampling.temperature = plan.searchTemperature }
            return (0..<plan.searchCount).map { number in
                request.sampling.seed = sampling.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
                return request
            }
        }
        return [request]
    }
}
