import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import Testing

@testable import HoneInference

/// Answers by several paths of random models.
@Suite struct RoutedGenerationTests {
    private let tokenizer = ByteTokenizer()

    private func generator(
        seed: UInt64, exit layer: Int = 1, router: Bool = true, limits: GenerationLimits = GenerationLimits()
    ) throws -> RoutedGenerator {
        let (model, parts) = try parts(seed: seed, exit: layer, router: router)
        return RoutedGenerator(model: model, parts: parts, tokenizer: tokenizer, limits: limits)
    }

    private func parts(
        seed: UInt64, exit layer: Int, router: Bool
    ) throws -> (CausalLanguageModel, RoutingParts) {
        let shape = ModelConfiguration(
            vocabularySize: 260, hiddenSize: 16, intermediateSize: 32, layerCount: 4, headCount: 2, kvHeadCount: 1,
            maxPositionCount: 96, tiesEmbeddings: seed % 2 == 0, initializerRange: 0.3, eosTokenIDs: [256])
        let model = CausalLanguageModel(shape, generator: Generator(seed: seed))
        let exit = try EarlyExit(after: layer, of: model)
        guard router else { return (model, RoutingParts(exit: exit)) }
        let made = Router(
            hiddenSize: 16, width: 8, paths: RoutePath.allCases, searchCount: 3, generator: Generator(seed: seed))
        // A fresh one says the same of every prompt.
        noGrad {
            for parameter in made.namedParameters where parameter.name == "output.weight" {
                parameter.tensor.copyInPlace(Tensor.randn(parameter.tensor.shape, generator: Generator(seed: 5)))
            }
        }
        return (model, RoutingParts(exit: exit, router: made))
    }

    private func requests(_ count: Int, temperature: Double = 0, calculator: Bool = false) -> [GenerationRequest] {
        (0..<count).map { index in
            let length = 1 + index * 7 % 23
            let sampling = SamplingParameters(
                temperature: index % 3 == 0 ? 0 : temperature, topK: index % 4 == 1 ? 12 : 0,
                topP: index % 5 == 2 ? 0.9 : 1, seed: UInt64(index))
            return GenerationRequest(
                prompt: (0..<length).map { Int32((index * 31 + $0 * 17) % 256) },
                maximumNewTokens: 1 + index * 5 % 29, sampling: sampling, stopTexts: index % 6 == 5 ? ["e"] : [],
                usesCalculator: calculator)
        }
    }

    /// The same tokens and bits, whatever is drafted, in any batch, with cut-off rows, stop texts and draws.
    @Test(arguments: [(1, 1), (1, 4), (2, 3), (3, 7)]) func draftsChangeNothing(layer: Int, draft: Int) throws {
        try #require(Torch.computesTokensAlike)
        for seed in 1...3 as ClosedRange<UInt64> {
            for batch in [5, 64] {
                var limits = GenerationLimits()
                limits.batchSize = batch
                let generator = try generator(seed: seed, exit: layer, limits: limits)
                let asked = requests(14, temperature: seed == 1 ? 0 : 0.7, calculator: seed == 3)
                let plain = try generator.deep.generate(asked)
                let drafted = try generator.generate(asked, plan: RoutingPlan(.lossless(draft: draft)))
                for (own, other) in zip(drafted, plain) { expectAlike(own.result, other) }
                #expect(drafted.allSatisfy { $0.route.path == .deep && $0.route.computed >= $0.route.deep - 4 })
            }
        }
    }

    /// The same tokens; log-probabilities to rounding.
    private func expectAlike(_ a: GenerationResult, _ b: GenerationResult) {
        #expect(a.tokens == b.tokens && a.text == b.text && a.finishReason == b.finishReason)
        for (own, other) in zip(a.logProbs, b.logProbs) { #expect(abs(own - other) < 1e-5) }
    }

    /// The exit of a network whose other layers do nothing drafts what the network says, so every draft stays.
    @Test func draftsThatAreRightAllStay() throws {
        let (model, parts) = try parts(seed: 2, exit: 2, router: false)
        noGrad {
            for parameter in model.namedParameters
            where ["layers.2.", "layers.3."].contains(where: parameter.name.contains)
                && (parameter.name.hasSuffix("o_proj.weight") || parameter.name.hasSuffix("down_proj.weight"))
            {
                parameter.tensor.zeroInPlace()
            }
        }
        let exit = try EarlyExit(after: parts.exit.layer, of: model)
        let generator = RoutedGenerator(model: model, parts: RoutingParts(exit: exit), tokenizer: tokenizer)
        let request = GenerationRequest(prompt: [1, 2, 3], maximumNewTokens: 41)
        let answer = try generator.generate([request], plan: RoutingPlan(.lossless(draft: 4)))[0]
        try #require(answer.result.tokens.count == 41, "choose another seed")
        // The first token comes with the prompt, the other forty in ten rounds of four.
        #expect(answer.route.computed == 4 * (3 + 40))
        expectAlike(try generator.deep.generate([request])[0], answer.result)
    }

    /// Draws with drafts have the distribution of the network's own: χ² of 2,000 answers of three tokens
    /// stays below the 99.99 % point, for a small vocabulary.
    @Test func drawsWithDraftsHaveTheNetworksDistribution() throws {
        let shape = ModelConfiguration(
            vocabularySize: 6, hiddenSize: 8, intermediateSize: 16, layerCount: 3, headCount: 2, maxPositionCount: 16,
            tiesEmbeddings: false, initializerRange: 0.6)
        let model = CausalLanguageModel(shape, generator: Generator(seed: 8))
        let exit = try EarlyExit(after: 1, of: model)
        let generator = RoutedGenerator(
            model: model, parts: RoutingParts(exit: exit), tokenizer: tokenizer, endTokens: [])
        let count = 2000
        let asked = (0..<count).map {
            GenerationRequest(
                prompt: [3], maximumNewTokens: 3, sampling: SamplingParameters(temperature: 1, seed: UInt64($0)))
        }
        let drafted = try generator.generate(asked, plan: RoutingPlan(.lossless(draft: 2)))
        // The first token comes with the prompt; the two behind it are drafted.
        var found: [Int: Int] = [:]
        for answer in drafted { found[answer.result.tokens.prefix(3).reduce(0) { $0 * 6 + Int($1) }, default: 0] += 1 }
        var (chi, cells, rest) = (0.0, 0, (expected: 0.0, found: 0))
        func probabilities(_ tokens: [Int]) -> [Double] {
            noGrad { model(Tensor([tokens]))[0, -1].softmax(dim: 0).to(.float64).toArray(Double.self) }
        }
        for (first, p) in probabilities([3]).enumerated() {
            for (second, q) in probabilities([3, first]).enumerated() {
                for (third, r) in probabilities([3, first, second]).enumerated() {
                    let (expected, own) = (Double(count) * p * q * r, found[(first * 6 + second) * 6 + third] ?? 0)
                    guard expected >= 5 else {
                        rest = (rest.expected + expected, rest.found + own)
                        continue
                    }
                    chi += (Double(own) - expected) * (Double(own) - expected) / expected
                    cells += 1
                }
            }
        }
        chi += (Double(rest.found) - rest.expected) * (Double(rest.found) - rest.expected) / max(rest.expected, 1)
        // Wilson and Hilferty 1931: χ² to the third root is about normal.
        let freedom = Double(cells)
        let limit = freedom * pow3(1 - 2 / (9 * freedom) + 3.72 * (2 / (9 * freedom)).squareRoot())
        #expect(cells > 20 && chi < limit, "χ² is \(chi) with \(cells) degrees of freedom, the limit \(limit)")
    }

    private func pow3(_ x: Double) -> Double { x * x * x }

    @Test func aRequestsPathAndAnswerDoNotDependOnTheOthers() throws {
        try #require(Torch.computesTokensAlike)
        let generator = try generator(seed: 4)
        let asked = requests(24)
        let plan = RoutingPlan(.lossy(cost: 0.05))
        let together = try generator.generate(asked, plan: plan)
        let again = try generator.generate(asked, plan: plan)
        #expect(together == again)
        #expect(Set(together.map(\.route.path)).count > 1, "choose another seed: \(together.map(\.route.path))")
        for (request, answer) in zip(asked, together) {
            let alone = try generator.generate([request], plan: plan)[0]
            expectAlike(alone.result, answer.result)
            #expect(alone.route == answer.route)
            let confidence = try #require(answer.route.confidence)
            #expect((0...1).contains(confidence))
        }
    }

    /// Limits under which prompts are read in pieces, rows wait for places, and pages run out.
    private static let tightLimits: [(rows: Int, prefill: Int, pages: Int)] = [
        (64, 512, 1000), (5, 3, 1000), (6, 8, 24),
    ]

    @Test(arguments: tightLimits.indices, [PrecisionPlan?.none, PrecisionPlan(.int8)])
    func aRoutedAnswerHasTheBitsThatItsPathAloneGives(tight: Int, precision: PrecisionPlan?) throws {
        try #require(Torch.computesTokensAlike)
        let (model, parts) = try parts(seed: 14, exit: 2, router: true)
        let router = try #require(parts.router)
        var limits = GenerationLimits()
        let (rowCount, prefill, pages) = Self.tightLimits[tight]
        limits.batchSize = rowCount
        limits.prefillTokenCount = prefill
        limits.cacheByteCount = pages * model.configuration.pageByteCount()
        let deep = TextGenerator(model: model, tokenizer: tokenizer, limits: limits, precision: precision)
        let generator = RoutedGenerator(
            model: model, parts: parts, deep: deep, tokenizer: tokenizer, endTokens: nil, limits: limits)
        // Some prompts come twice, and some answers are drawn.
        let asked = requests(14, temperature: 0.8, calculator: tight == 1) + requests(5, temperature: 1)
        var plan = RoutingPlan(.lossy(cost: 0.02))
        plan.searchCount = 3
        let routed = try generator.generate(asked, plan: plan)
        for path in RoutePath.allCases {
            let own = asked.indices.filter { routed[$0].route.path == path }
            #expect(!own.isEmpty, "choose another cost: \(routed.map(\.route.path))")
            plan.mode = .fixed(path)
            let alone = try generator.generate(own.map { asked[$0] }, plan: plan)
            for (place, other) in zip(own, alone) {
                #expect(routed[place].result == other.result, "request \(place), \(path)")
                #expect(routed[place].route.computed == other.route.computed)
            }
        }
        guard precision == nil else { return }
        let costs = RouteCosts(exitLayer: 2, layerCount: 4, searchCount: 3)
        for (request, answer) in zip(asked, routed) {
            let chances = router.successes(model.routingFeatures(TokenLine([request.prompt]), parts.exit))[0]
            #expect(answer.route.path == costs.best(chances, weight: 0.02))
            #expect(answer.route.confidence == chances[answer.route.path])
        }
    }

    /// An answer is the shallow path's up to the token that the exit is not sure of, and from there on what all layers
    /// make of what stands there, in the same bits however rows are cut and put back.
    @Test(arguments: tightLimits.indices) func anUnsureAnswerGoesOnWithAllLayers(tight: Int) throws {
        try #require(Torch.computesTokensAlike)
        let (model, parts) = try parts(seed: 4, exit: 2, router: true)
        var limits = GenerationLimits()
        let (rowCount, prefill, pages) = Self.tightLimits[tight]
        limits.batchSize = rowCount
        limits.prefillTokenCount = prefill
        limits.cacheByteCount = pages * model.configuration.pageByteCount()
        let plain = RoutedGenerator(model: model, parts: parts, tokenizer: tokenizer)
        let watched = RoutedGenerator(model: model, parts: parts, tokenizer: tokenizer, limits: limits)
        let asked = (requests(14) + requests(4)).map { request in
            var request = request
            request.maximumNewTokens = 24
            return request
        }
        let begun = try plain.generate(asked, plan: RoutingPlan(.fixed(.shallow)))
        // Half of the answers have a token that is less sure.
        let leastSure = begun.map { Double($0.result.logProbs.min() ?? 0) }.sorted()
        var plan = RoutingPlan(.lossy(cost: 1000))
        plan.sureness = exp(leastSure[leastSure.count / 2])
        var places: [Int?] = []
        for ((request, shallow), answer) in zip(zip(asked, begun), try watched.generate(asked, plan: plan)) {
            let tokens = shallow.result.tokens
            let unsure = tokens.indices.first { Double(shallow.result.logProbs[$0]) < log(plan.sureness) }
            let place = unsure ?? (shallow.result.finishReason == .length ? 12 : nil)
            places.append(place)
            guard let place else {
                #expect(answer == RoutedResult(result: shallow.result, route: answer.route))
                #expect(answer.route.path == .shallow)
                continue
            }
            var rest = request
            rest.prompt += tokens.prefix(place)
            rest.maximumNewTokens -= place
            let deep = try plain.deep.generate([rest])[0]
            #expect(answer.result.tokens == tokens.prefix(place) + deep.tokens)
            #expect(answer.result.logProbs == shallow.result.logProbs.prefix(place) + deep.logProbs)
            let tokenCount = request.prompt.count + answer.result.tokens.count
            #expect(answer.route.path == .deep && answer.route.computed == 4 * tokenCount)
        }
        #expect(Set(places).count > 2, "choose another seed: \(places)")
    }

    /// With `deepTokenCount` the exit has the word again after so many tokens: token by token the answer is what the
    /// first layers, or all, make of what stands there.
    @Test(arguments: [1, 3]) func anAnswerComesBackToTheShallowPath(deepCount: Int) throws {
        try #require(Torch.computesTokensAlike)
        let (model, parts) = try parts(seed: 4, exit: 2, router: true)
        let plain = RoutedGenerator(model: model, parts: parts, tokenizer: tokenizer)
        let asked = (requests(14) + requests(4)).map { request in
            var request = request
            request.maximumNewTokens = 24
            return request
        }
        let begun = try plain.generate(asked, plan: RoutingPlan(.fixed(.shallow)))
        let sureness = begun.flatMap(\.result.logProbs).sorted()
        var plan = RoutingPlan(.lossy(cost: 1000))
        plan.sureness = exp(Double(sureness[sureness.count / 5]))
        plan.deepTokenCount = deepCount
        let expected = try asked.map { try TokenByToken($0, plan, plain) }
        let changes = expected.reduce(0) { $0 + $1.returnCount }
        #expect(changes > 5, "choose another seed: \(changes) answers came back")
        for (rowCount, prefill, pages) in Self.tightLimits {
            var limits = GenerationLimits()
            limits.batchSize = rowCount
            limits.prefillTokenCount = prefill
            limits.cacheByteCount = pages * model.configuration.pageByteCount()
            let watched = RoutedGenerator(model: model, parts: parts, tokenizer: tokenizer, limits: limits)
            for (answer, expected) in zip(try watched.generate(asked, plan: plan), expected) {
                #expect(answer.result.tokens == expected.tokens)
                #expect(answer.result.logProbs == expected.logProbs)
                #expect(answer.route.path == (expected.readCount == nil ? .shallow : .deep))
                #expect(answer.route.computed == expected.computed)
            }
        }
    }

    /// A watched answer, whose every token is asked for alone: of a path, as if it were the first.
    private struct TokenByToken {
        var tokens: [Int32] = []
        var logProbs: [Float] = []
        /// Tokens that all layers have read; nil where they read none.
        var readCount: Int?
        /// How often the exit got the word back.
        var returnCount = 0
        var computed = 0

        init(_ request: GenerationRequest, _ plan: RoutingPlan, _ paths: RoutedGenerator) throws {
            var rest = request
            rest.maximumNewTokens = 1
            var deepEnd = 0
            while tokens.count < request.maximumNewTokens {
                var next = try paths.generate([rest], plan: RoutingPlan(.fixed(.shallow)))[0].result
                let isUnsure = Double(next.logProbs[0]) < log(plan.sureness)
                if tokens.count >= deepEnd, isUnsure || tokens.count >= request.maximumNewTokens / 2 {
                    deepEnd = tokens.count + plan.deepTokenCount
                } else if tokens.count == deepEnd, deepEnd > 0 {
                    returnCount += 1
                }
                if tokens.count < deepEnd {
                    readCount = rest.prompt.count
                    next = try paths.deep.generate([rest])[0]
                }
                tokens += next.tokens
                logProbs += next.logProbs
                rest.prompt += next.tokens
                if next.finishReason != .length { break }
            }
            // Two of four layers; the last token counts as read, though nobody reads it.
            computed = 2 * rest.prompt.count + (readCount.map { 2 * ($0 + 1) } ?? 0)
        }
    }

    @Test func whatNobodyWantsAnyMoreIsDroppedAndTheRestIsAnswered() throws {
        let generator = try generator(seed: 4)
        let asked = requests(12)
        let plan = RoutingPlan(.lossy(cost: 0.05))
        let all = try generator.generate(asked, plan: plan)
        let some = try generator.generate(asked, plan: plan, isWanted: { $0 % 2 == 0 })
        for place in asked.indices {
            #expect(place % 2 == 0 ? some[place] == all[place] : some[place].result == .nothing)
        }
    }

    @Test func anExitDoesNotServeOtherWeightsThanItsOwn() async throws {
        let engine = GenerationEngine(
            model: try parts(seed: 4, exit: 1, router: true).0, routing: try parts(seed: 4, exit: 1, router: true).1,
            tokenizer: tokenizer)
        #expect(try !engine.replaceWeights(by: parts(seed: 6, exit: 1, router: false).0, version: 1))
    }

    @Test func aDearDeepPathIsNotTakenAndACheapOneCostsWhatItComputes() throws {
        let generator = try generator(seed: 4)
        let asked = requests(8)
        let shallow = try generator.generate(asked, plan: RoutingPlan(.lossy(cost: 1000)))
        for (request, answer) in zip(asked, shallow) {
            let tokenCount = request.prompt.count + answer.result.tokens.count
            #expect(answer.route.path == .shallow)
            #expect(answer.route.computed == tokenCount && answer.route.deep == 4 * tokenCount)
            #expect(answer.result.tokens.count <= max(1, request.maximumNewTokens / 2))
        }
        let deep = try generator.generate(asked, plan: RoutingPlan(.fixed(.deep)))
        let plain = try generator.deep.generate(asked)
        #expect(deep.map(\.result) == plain)
        #expect(deep.allSatisfy { $0.route.saved == 0 && $0.route.confidence == nil })
    }

    @Test func aSearchAsksOftenAndTheVoteDecides() throws {
        let generator = try generator(seed: 4)
        var plan = RoutingPlan(.fixed(.search))
        plan.searchCount = 3
        let asked = requests(5)
        let answers = try generator.generate(asked, plan: plan) { request, results in
            #expect(results.count == 3)
            return request % 3
        }
        for (place, answer) in answers.enumerated() {
            #expect(answer.route.path == .search && answer.route.computed > answer.route.deep)
            let draw = SamplingParameters(
                temperature: plan.searchTemperature, topK: asked[place].sampling.topK, topP: asked[place].sampling.topP,
                seed: asked[place].sampling.seed &+ UInt64(place % 3) &* 0x9E37_79B9_7F4A_7C15)
            var alone = asked[place]
            alone.sampling = draw
            expectAlike(try generator.deep.generate([alone])[0], answer.result)
        }
        let texts = ["#### 7", "1+1=3\n#### 5", "2+2=4\n#### 4", "1+3=4\n#### 4", "1+1=3\n#### 5", "1+1=3\n#### 5"]
        #expect(SearchVote.choose(among: texts) == 2, "true steps outvote many false ones")
        #expect(SearchVote.choose(among: ["", "#### 1", "#### 2", "#### 2"]) == 2)
        #expect(SearchVote.choose(among: ["nothing", ""]) == 0)
    }

    @Test func whatTheModelCannotDoIsSaidAtOnce() throws {
        let bare = try generator(seed: 4, router: false)
        let (model, _) = try parts(seed: 4, exit: 1, router: false)
        let plain = RoutedGenerator(model: model, parts: nil, tokenizer: tokenizer)
        #expect(throws: RoutingError.noRouter) { try bare.check(RoutingPlan(.lossy(cost: 0.1))) }
        #expect(throws: RoutingError.noExit) { try plain.check(RoutingPlan(.lossless(draft: 2))) }
        #expect(throws: RoutingError.noExit) { try plain.generate([], plan: RoutingPlan(.fixed(.shallow))) }
        #expect(throws: RoutingError.setting(name: "draft", reason: "must be between 1 and 64, is 0")) {
            try bare.check(RoutingPlan(.lossless(draft: 0)))
        }
        #expect(throws: RoutingError.self) { try bare.check(RoutingPlan(.lossy(cost: .nan))) }
        var unsure = RoutingPlan(.fixed(.deep))
        unsure.sureness = 0.5
        #expect(throws: RoutingError.self) { try bare.check(unsure) }
        unsure = RoutingPlan(.fixed(.deep))
        unsure.deepTokenCount = 1
        #expect(throws: RoutingError.self) { try bare.check(unsure) }
        #expect(throws: Never.self) { try plain.check(RoutingPlan(.fixed(.deep))) }
    }
}
