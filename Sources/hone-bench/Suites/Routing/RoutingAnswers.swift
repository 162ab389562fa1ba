import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer

/// Answers of one model to problems by its paths, checked and timed.
struct RoutingAnswers {
    typealias Measured = RoutingMeasurement

    let model: CausalLanguageModel
    let searchCount: Int

    private func generator(_ parts: RoutingParts, batch: Int = 64) -> RoutedGenerator {
        var limits = GenerationLimits()
        limits.batchSize = batch
        return RoutedGenerator(model: model, parts: parts, tokenizer: Measured.tokenizer, limits: limits)
    }

    private func requests(_ problems: [Problem]) -> [GenerationRequest] {
        problems.map {
            GenerationRequest(
                prompt: Measured.tokenizer.encode($0.prompt + "\n"),
                maximumNewTokens: RoutingTask.maximumNewTokens)
        }
    }

    private func plan(_ mode: RoutingPlan.Mode) -> RoutingPlan {
        var plan = RoutingPlan(mode)
        plan.searchCount = searchCount
        return plan
    }

    private func right(_ results: [RoutedResult], _ problems: [Problem]) -> [Bool] {
        zip(results, problems).map { SolutionChecker().check($0.result.text, of: $1).verdict == .correct }
    }

    /// What became of the answers by every path, problem by problem.
    func outcomes(of problems: [Problem], _ parts: RoutingParts) throws -> [[RoutePath: Double]] {
        var outcomes = [[RoutePath: Double]](repeating: [:], count: problems.count)
        for path in RoutePath.allCases {
            let results = try generator(parts).generate(requests(problems), plan: plan(.fixed(path)))
            for (place, isRight) in right(results, problems).enumerated() { outcomes[place][path] = isRight ? 1 : 0 }
        }
        return outcomes
    }

    /// Accuracy of the shallow, deep and search path by level.
    func levels(_ problems: [Problem], _ parts: RoutingParts) throws -> [String: [Double]] {
        let outcomes = try outcomes(of: problems, parts)
        var found: [String: [Double]] = [:]
        for level in RoutingTask.levels {
            let own = problems.indices.filter { problems[$0].level == level }
            found["\(level.rawValue)"] = RoutePath.allCases.map { path in
                own.reduce(0) { $0 + outcomes[$1][path, default: 0] } / Double(own.count)
            }
        }
        return found
    }

    /// Every way of answering; times are medians of runs that take turns.
    func points(_ problems: [Problem], _ parts: RoutingParts, runs: Int) throws -> [Measured.Point] {
        let requests = requests(problems)
        let generator = generator(parts)
        let ways: [(name: String, cost: Double?, plan: RoutingPlan)] =
            [("deep", nil, plan(.fixed(.deep))), ("shallow", nil, plan(.fixed(.shallow)))]
            + Measured.costs.map { ("router", $0, plan(.lossy(cost: $0))) }
        var seconds = [[Double]](repeating: [], count: ways.count)
        var results = [[RoutedResult]](repeating: [], count: ways.count)
        for _ in 0..<runs {
            for (place, way) in ways.enumerated() {
                let started = ContinuousClock.now
                results[place] = try generator.generate(requests, plan: way.plan)
                seconds[place].append((ContinuousClock.now - started) / .seconds(1))
            }
        }
        var points = ways.indices.map { place in
            point(ways[place].name, ways[place].cost, problems, results[place], Sample(seconds[place]).median)
        }
        points.append(try fixed("search", [RoutePath](repeating: .search, count: problems.count), problems, parts))
        let outcomes = try outcomes(of: problems, parts)
        let best = outcomes.map { own in RoutePath.allCases.first { own[$0] == 1 } ?? .shallow }
        points.append(try fixed("oracle", best, problems, parts))
        return points
    }

    /// Given paths, timed once.
    private func fixed(
        _ name: String, _ paths: [RoutePath], _ problems: [Problem], _ parts: RoutingParts
    ) throws -> Measured.Point {
        let started = ContinuousClock.now
        var results = [RoutedResult?](repeating: nil, count: problems.count)
        for path in RoutePath.allCases {
            let own = problems.indices.filter { paths[$0] == path }
            let found = try generator(parts).generate(requests(own.map { problems[$0] }), plan: plan(.fixed(path)))
            for (place, result) in zip(own, found) { results[place] = result }
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        return point(name, nil, problems, results.compactMap(\.self), seconds)
    }

    private func point(
        _ name: String, _ cost: Double?, _ problems: [Problem], _ results: [RoutedResult], _ seconds: Double
    ) -> Measured.Point {
        let count = Double(problems.count)
        let computed = results.reduce(0) { $0 + $1.route.computed }
        let deep = results.reduce(0) { $0 + $1.route.deep }
        return Measured.Point(
            name: name, cost: cost, accuracy: Double(right(results, problems).count { $0 }) / count, seconds: seconds,
            computed: Double(computed) / Double(deep),
            paths: Dictionary(grouping: results, by: \.route.path.rawValue).mapValues { Double($0.count) / count })
    }

    /// The greatest costs at which problems of their own are still answered with 95 and 98 % of the deep path's
    /// accuracy; 0 where none is.
    func chosen(_ problems: [Problem], _ parts: RoutingParts) throws -> [String: Double] {
        let requests = requests(problems)
        func accuracy(_ mode: RoutingPlan.Mode) throws -> Int {
            right(try generator(parts).generate(requests, plan: plan(mode)), problems).count { $0 }
        }
        let deep = try Double(accuracy(.fixed(.deep)))
        let shares = try Measured.costs.map { (cost: $0, share: Double(try accuracy(.lossy(cost: $0))) / deep) }
        var found: [String: Double] = [:]
        for aim in [95, 98] {
            found["\(aim)"] = shares.last { $0.share >= Double(aim) / 100 }?.cost ?? 0
        }
        return found
    }

    /// Drafts beside the deep path alone, in batches of several sizes.
    func drafting(_ problems: [Problem], _ parts: RoutingParts, runs: Int) throws -> [Measured.Drafting] {
        var found: [Measured.Drafting] = []
        for batch in Measured.batches {
            let requests = requests(Array(problems.prefix(batch == 1 ? 24 : problems.count)))
            let generator = generator(parts, batch: batch)
            let modes: [RoutingPlan.Mode] = [.fixed(.deep)] + Measured.drafts.map { .lossless(draft: $0) }
            var seconds = [[Double]](repeating: [], count: modes.count)
            var results = [[RoutedResult]](repeating: [], count: modes.count)
            for _ in 0..<runs {
                for (place, mode) in modes.enumerated() {
                    let started = ContinuousClock.now
                    results[place] = try generator.generate(requests, plan: plan(mode))
                    seconds[place].append((ContinuousClock.now - started) / .seconds(1))
                }
            }
            for (place, draft) in zip(1..., Measured.drafts) {
                let layers = Double(model.configuration.layerCount)
                let rounds = zip(results[place], requests).reduce(0.0) { sum, pair in
                    sum + (Double(pair.0.route.computed) / layers - Double(pair.1.prompt.count)) / Double(draft)
                }
                let tokens = results[place].reduce(0) { $0 + $1.result.tokens.count - 1 }
                found.append(
                    Measured.Drafting(
                        batch: batch, draft: draft, tokensPerRound: Double(tokens) / rounds,
                        speedUp: Sample(seconds[0]).median / Sample(seconds[place]).median,
                        differing: zip(results[place], results[0]).count { $0.result.tokens != $1.result.tokens }))
            }
        }
        return found
    }
}
