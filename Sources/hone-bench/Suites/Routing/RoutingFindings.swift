import Foundation
import HonePlots
import HoneTraining

/// What `routing` found over its seeds.
struct RoutingFindings: Encodable {
    /// A point of the front that was chosen on other problems than those that it is measured on.
    struct Chosen: Encodable {
        /// Of the deep path's accuracy, in percent, where the cost was chosen.
        let aim: Int
        let settings: [RoutingSetting]
        /// Accuracy over that of the deep path, seed by seed.
        let accuracy: Sample
        /// Time of the deep path over that of the router's choice.
        let speedUp: Sample
        /// Share of the deep path's time that is saved.
        let saved: Sample
    }

    let suite = "routing"
    let machine = Machine()
    let seeds: [RoutingMeasurement.Result]
    let chosen: [Chosen]

    init(_ seeds: [RoutingMeasurement.Result]) {
        self.seeds = seeds
        chosen = RoutingSetting.aims.map { aim in
            let pairs = seeds.compactMap { seed -> (setting: RoutingSetting, accuracy: Double, speedUp: Double)? in
                guard let chosen = seed.chosen["\(aim)"], let deep = seed.points.first(where: { $0.name == "deep" }),
                    let own = seed.points.first(where: { $0.setting == chosen })
                else { return nil }
                return (chosen, own.accuracy / deep.accuracy, deep.seconds / own.seconds)
            }
            return Chosen(
                aim: aim, settings: pairs.map(\.setting), accuracy: Sample(pairs.map(\.accuracy)),
                speedUp: Sample(pairs.map(\.speedUp)), saved: Sample(pairs.map { 1 - 1 / $0.speedUp }))
        }
    }

    var table: [String] {
        seeds.flatMap(lines) + [""]
            + chosen.map { chosen in
                String(
                    format:
                        "chosen for %d %%: %.1f %% of the deep path's accuracy (%.1f to %.1f), %.2f times as fast "
                        + "(%.2f to %.2f)", chosen.aim, chosen.accuracy.median * 100,
                    chosen.accuracy.range.lowerBound * 100,
                    chosen.accuracy.range.upperBound * 100, chosen.speedUp.median, chosen.speedUp.range.lowerBound,
                    chosen.speedUp.range.upperBound) + "; " + chosen.settings.map(\.description).joined(separator: "; ")
            }
    }

    private func lines(_ seed: RoutingMeasurement.Result) -> [String] {
        let head = String(
            format: "seed %d: %d parameters, trained in %.0f s of the processor", Int(seed.seed), seed.parameters,
            seed.trainingSeconds)
        let levels = seed.levels.sorted { $0.key < $1.key }.map { level, shares in
            "  level \(level): shallow, deep, search "
                + shares.map { String(format: "%.1f %%", $0 * 100) }.joined(separator: ", ")
        }
        let honesty = (seed.router?.honesty ?? [:]).sorted { $0.key < $1.key }.map { path, own in
            "  router on \(path): "
                + String(
                    format: "ranking %.3f, calibration error %.3f (%.3f before the fit)", own.ranking,
                    own.calibrationError, own.uncalibratedError)
        }
        let points = seed.points.map { point in
            let paths = ["shallow", "deep", "search"].map { String(format: "%.0f", point.paths[$0, default: 0] * 100) }
            let name = point.name + (point.setting.map { " at \($0)" } ?? "")
            let numbers = String(
                format: "right %.1f %%, %.2f s, computed %.2f", point.accuracy * 100, point.seconds, point.computed)
            return "  \(name): \(numbers); shallow/deep/search \(paths.joined(separator: "/")) %"
        }
        let drafts = seed.drafting.map { own in
            String(
                format: "  lossless, batch %d, drafts of %d: %.2f tokens a round, %.2f times as fast, %d differ",
                own.batch, own.draft, own.tokensPerRound, own.speedUp, own.differing)
        }
        return [head] + levels + honesty + points + drafts
    }

    /// Accuracy over speed, one chart a seed.
    var figure: Figure {
        Figure(
            title: "Answers by path: accuracy over speed",
            charts: seeds.map { seed in
                let deep = seed.points.first { $0.name == "deep" }?.seconds ?? 1
                func dots(_ name: String) -> [Point] {
                    seed.points.filter { $0.name == name }.map { Point(deep / $0.seconds, $0.accuracy * 100) }
                }
                let lowest = seed.points.map { $0.accuracy * 100 }.min() ?? 0
                let fastest = seed.points.map { deep / $0.seconds }.max() ?? 1
                let colors: [(String, Mark.Color)] = [
                    ("router", .blue), ("watched", .sky), ("asked again", .purple),
                ]
                let fronts = colors.flatMap { name, color in
                    let points = dots(name).sorted { $0.x < $1.x }
                    return [Mark(.line(points), name: name, color: color), Mark(.dots(points), color: color)]
                }
                let fixed: [(String, Mark.Color)] = [
                    ("shallow", .orange), ("deep", .vermilion), ("search", .black), ("oracle", .green),
                ]
                return Chart(
                    title: "Seed \(seed.seed)", xLabel: "times as fast as the deep path", yLabel: "right, %",
                    marks: fronts + fixed.map { Mark(.dots(dots($0.0)), name: $0.0, color: $0.1) },
                    xRange: 0...fastest * 1.05, yRange: lowest.rounded(.down) - 1...100)
            }, columnCount: max(1, min(seeds.count, 3)), chartSize: (width: 420, height: 340))
    }
}
