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
        shallow = parts.map { parts in
            let view = model.shallow(parts.exit)
            return TextGenerator(model: view, tokenizer: tokenizer, endTokens: endTokens, limits: limits)
        }
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
        let choices = try choose(requests, plan)
        var answers = [RoutedResult?](repeating: nil, count: requests.count)
        for path in RoutePath.allCases {
            let members = requests.indices.filter { choices[$0].path == path }
            if members.isEmpty { continue }
            let found = try answer(members, of: requests, by: path, plan, vote, isWanted)
            for (request, (result, computed)) in zip(members, found) {
                let tokenCount = requests[request].prompt.count + result.tokens.count
                let route = RouteRecord(
                    path: path, confidence: choices[request].confidence,
                    computed: computed + choices[request].computed, deep: model.configuration.layerCount * tokenCount)
                answers[request] = RoutedResult(result: result, route: route)
            }
        }
        return answers.map { answer in
            guard let answer else { preconditionFailure("a request took no path") }
            return answer
        }
    }

    private typealias Choice = (path: RoutePath, confidence: Double?, computed: Int)

    private func choose(_ requests: [GenerationRequest], _ plan: RoutingPlan) throws -> [Choice] {
        guard case .lossy(let cost) = plan.mode, let parts, let router = parts.router else {
            guard case .fixed(let path) = plan.mode else { throw RoutingError.noRouter }
            return requests.map { _ in (path: path, confidence: nil, computed: 0) }
        }
        let layerCount = model.configuration.layerCount
        let costs = RouteCosts(
            exitLayer: parts.exit.layer, layerCount: layerCount, searchCount: plan.searchCount)
        return successes(requests.map(\.prompt), parts.exit, router).enumerated().map { place, chances in
            let path = costs.best(chances, weight: cost)
            return (
                path: path, confidence: chances[path], computed: parts.exit.layer * requests[place].prompt.count
            )
        }
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

    /// Results with what they computed, in layers times tokens.
    private func answer(
        _ members: [Int], of requests: [GenerationRequest], by path: RoutePath, _ plan: RoutingPlan,
        _ vote: (Int, [GenerationResult]) -> Int, _ isWanted: (Int) -> Bool
    ) throws -> [(result: GenerationResult, computed: Int)] {
        let layerCount = model.configuration.layerCount
        func run(
            _ generator: TextGenerator, layers: Int, _ asked: [GenerationRequest]
        ) throws -> [(result: GenerationResult, computed: Int)] {
            zip(asked, try generator.generate(asked, isWanted: { isWanted(members[$0]) })).map { request, result in
                (result: result, computed: layers * (request.prompt.count + result.tokens.count))
            }
        }
        switch path {
        case .deep: return try run(deep, layers: layerCount, members.map { requests[$0] })
        case .shallow:
            guard let shallow, let parts else { throw RoutingError.noExit }
            return try run(shallow, layers: parts.exit.layer, members.map { requests[$0].shortened(plan) })
        case .search:
            let (count, asked) = (plan.searchCount, members.flatMap { requests[$0].searched(plan) })
            let found = try deep.generate(asked, isWanted: { isWanted(members[$0 / count]) })
            return members.enumerated().map { place, request in
                let own = Array(found[place * count..<(place + 1) * count])
                let tokenCount = own.reduce(0) { $0 + requests[request].prompt.count + $1.tokens.count }
                return (result: own[vote(request, own)], computed: layerCount * tokenCount)
            }
        }
    }
}

extension GenerationRequest {
    /// As the shallow path gets it.
    fileprivate func shortened(_ plan: RoutingPlan) -> GenerationRequest {
        var request = self
        request.maximumNewTokens = max(1, Int(Double(maximumNewTokens) * plan.shallowTokenShare))
        return request
    }

    /// As often as a search asks, each with draws of its own.
    fileprivate func searched(_ plan: RoutingPlan) -> [GenerationRequest] {
        (0..<plan.searchCount).map { number in
            var request = self
            if sampling.temperature == 0 { request.sampling.temperature = plan.searchTemperature }
            request.sampling.seed = sampling.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            return request
        }
    }
}
