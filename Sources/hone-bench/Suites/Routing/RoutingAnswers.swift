import Foundation
import HoneInference
import HoneModel
import HoneProblems
import HoneTokenizer

/// Answers of one model to problems by its paths, checked and timed.
struct RoutingAnswers {
    typealias Measured = RoutingMeasurement

    let model: CausalLanguageModel
    let parts: RoutingParts
    let searchCount: Int

    private func generator(batch: Int = 64) -> RoutedGenerator {
        var limits = GenerationLimits()
        limits.batchSize = batch
        // Runs are of the same prompts: what is known of them from the run before would be the deep path's alone.
        limits.sharesPrefixes = false
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

    private func plan(_ setting: RoutingSetting) -> RoutingPlan {
        var plan = plan(.lossy(cost: setting.cost))
        plan.sureness = setting.sureness
        plan.deepTokenCount = setting.deepTokens
        return plan
    }

    private func right(_ results: [RoutedResult], _ problems: [Problem]) -> [Bool] {
        zip(results, problems).map { SolutionChecker().check($0.result.text, of: $1).verdict == .correct }
    }

    /// What became of the answers by every path, problem by problem.
    func outcomes(of problems: [Problem]) throws -> [[RoutePath: Double]] {
        var outcomes = [[RoutePath: Double]](repeating: [:], count: problems.count)
        for path in RoutePath.allCases {
            let results = try generator().generate(requests(problems), plan: plan(.fixed(path)))
            for (place, isRight) in right(results, problems).enumerated() { outcomes[place][path] = isRight ? 1 : 0 }
        }
        return outcomes
    }

    /// Accuracy of the shallow, deep and search path by level.
    func levels(_ problems: [Problem], _ outcomes: [[RoutePath: Double]]) -> [String: [Double]] {
        var found: [String: [Double]] = [:]
        for level in RoutingTask.levels {
            let own = problems.indices.filter { problems[$0].level == level }
            found["\(level.rawValue)"] = RoutePath.allCases.map { path in
                own.reduce(0) { $0 + outcomes[$1][path, default: 0] } / Double(own.count)
            }
        }
        return found
    }

    /// The fastest of all settings that answer problems of their own with 95 and 98 % of the deep path's accuracy;
    /// nothing where none does.
    func chosenSettings(_ problems: [Problem]) throws -> [String: RoutingSetting] {
        let ways = [Way(name: "deep", plan: plan(.fixed(.deep)))] + RoutingSetting.candidates.map(way)
        let points = try measure(ways, problems, runs: 2)
        var chosen: [String: RoutingSetting] = [:]
        for aim in RoutingSetting.aims {
            let good = points.dropFirst().filter { $0.accuracy >= Double(aim) / 100 * points[0].accuracy }
            chosen["\(aim)"] = good.min { $0.seconds < $1.seconds }?.setting
        }
        return chosen
    }

    /// A way of answering.
    private struct Way {
        let name: String
        var setting: RoutingSetting?
        let plan: RoutingPlan
    }

    private func way(_ setting: RoutingSetting) -> Way {
        Way(name: setting.front, setting: setting, plan: plan(setting))
    }

    private func computed(_ results: [RoutedResult]) -> Double {
        let computed = results.reduce(0) { $0 + $1.route.computed }
        return Double(computed) / Double(results.reduce(0) { $0 + $1.route.deep })
    }

    /// Every way of answering; times are medians of runs that take turns.
    func points(
        _ problems: [Problem], _ outcomes: [[RoutePath: Double]], settings: [RoutingSetting], runs: Int
    ) throws -> [Measured.Point] {
        let fixedWays = [RoutePath.deep, .shallow].map { Way(name: $0.rawValue, plan: plan(.fixed($0))) }
        var points = try measure(fixedWays + Set(settings).sorted().map(way), problems, runs: runs)
        points.append(try fixed("search", problems.map { _ in .search }, problems))
        let best = outcomes.map { own in RoutePath.allCases.first { own[$0] == 1 } ?? .shallow }
        points.append(try fixed("oracle", best, problems))
        return points
    }

    private func measure(_ ways: [Way], _ problems: [Problem], runs: Int) throws -> [Measured.Point] {
        let requests = requests(problems)
        let generator = generator()
        var seconds = [[Double]](repeating: [], count: ways.count)
        var results = [[RoutedResult]](repeating: [], count: ways.count)
        for _ in 0..<runs {
            for (place, way) in ways.enumerated() {
                let started = ContinuousClock.now
                results[place] = try generator.generate(requests, plan: way.plan)
                seconds[place].append((ContinuousClock.now - started) / .seconds(1))
            }
        }
        return ways.indices.map { place in
            point(ways[place].name, ways[place].setting, problems, results[place], Sample(seconds[place]).median)
        }
    }

    /// Given paths, timed once.
    private func fixed(
        _ name: String, _ paths: [RoutePath], _ problems: [Problem]
    ) throws -> Measured.Point {
        let started = ContinuousClock.now
        var results = [RoutedResult?](repeating: nil, count: problems.count)
        for path in RoutePath.allCases {
            let own = problems.indices.filter { paths[$0] == path }
            let found = try generator().generate(requests(own.map { problems[$0] }), plan: plan(.fixed(path)))
            for (place, result) in zip(own, found) { results[place] = result }
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        return point(name, nil, problems, results.compactMap(\.self), seconds)
    }

    private func point(
        _ name: String, _ setting: RoutingSetting?, _ problems: [Problem], _ results: [RoutedResult], _ seconds: Double
    ) -> Measured.Point {
        let count = Double(problems.count)
        return Measured.Point(
            name: name, setting: setting, accuracy: Double(right(results, problems).count { $0 }) / count,
            seconds: seconds, computed: computed(results),
            paths: Dictionary(grouping: results, by: \.route.path.rawValue).mapValues { Double($0.count) / count })
    }

    /// Drafts beside the deep path alone, in batches of several sizes.
    func drafting(_ problems: [Problem], runs: Int) throws -> [Measured.Drafting] {
        var found: [Measured.Drafting] = []
        for batch in Measured.batches {
            let requests = requests(Array(problems.prefix(batch == 1 ? 24 : problems.count)))
            let generator = generator(batch: batch)
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
