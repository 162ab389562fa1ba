import HonePlots

/// What a reward model of few labels does to a policy, with the watch and, as the control, without it.
struct OverOptimization {
    /// The share of held-out pairs that the model orders as the utility does.
    let trueAccuracy: Double
    let watched: PolicyMeasurement.Run
    /// Until the watch ends the other, both are the same.
    let unwatched: PolicyMeasurement.Run

    private var peak: Double { max(watched.peak, unwatched.peak) }
    var watchedFall: Double { (peak - watched.after.utility) / peak }
    var unwatchedFall: Double { (peak - unwatched.after.utility) / peak }
}

extension RLHFResults {
    /// The reward model's word and the truth over the square root of the divergence, a curve a seed (Gao et al. 2022,
    /// arXiv:2210.10760, figure 1).
    var figure: Figure {
        Figure(
            title: "What a reward model says of a policy, and what is true",
            charts: Self.charts("reward model", policies)
                + Self.charts("reward model of few labels", weak.map(\.unwatched)),
            columnCount: 2, chartSize: (480, 300))
    }

    private static func charts(_ name: String, _ runs: [PolicyMeasurement.Run]) -> [Chart] {
        if runs.isEmpty { return [] }
        return [
            chart("by the \(name): reward", "its deviations", runs) { $0.proxy },
            chart("by the \(name): utility", "true utility", runs) { $0.gold },
        ]
    }

    private static func chart(
        _ title: String, _ yLabel: String, _ runs: [PolicyMeasurement.Run],
        _ value: (PolicyMeasurement.Moment) -> Double
    ) -> Chart {
        var chart = Chart(title: title, xLabel: "√ divergence from the start, nats", yLabel: yLabel)
        for run in runs {
            // Means over four steps, since a step's answers are few.
            let points = stride(from: 0, to: run.curve.count, by: 4).map { start in
                let part = run.curve[start..<min(start + 4, run.curve.count)]
                func mean(_ of: (PolicyMeasurement.Moment) -> Double) -> Double {
                    part.map(of).reduce(0, +) / Double(part.count)
                }
                return Point(mean { $0.squareRootOfDivergence }, mean(value))
            }
            chart.addCurve("seed \(run.seed)", points, smoothedOver: 1)
        }
        return chart
    }
}
