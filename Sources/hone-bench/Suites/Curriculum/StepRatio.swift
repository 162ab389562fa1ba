import HoneProblems

/// How many steps one arm takes over another, from the same seeds, with a 95 % interval.
///
/// The interval is the percentile bootstrap over seeds of the ratio of medians (Efron and Tibshirani 1993, chapter 13).
/// Of a few seeds it is coarse; a run that did not reach the target counts with the steps it was given, which makes a
/// slow arm look faster than it is.
struct StepRatio: Encodable, Sendable {
    let ratio: Double
    let lower: Double
    let upper: Double

    /// - Parameters:
    ///   - arm: steps seed by seed
    ///   - control: the same seeds' steps under the control
    init(_ arm: [Double], over control: [Double]) {
        precondition(arm.count == control.count && !arm.isEmpty, "\(arm.count) and \(control.count) seeds")
        ratio = Sample(arm).median / Sample(control).median
        var random = RandomSource(seed: 1)
        let resampled = (0..<Self.resampleCount).map { _ in
            let drawn = arm.indices.map { _ in random.integer(0...arm.count - 1) }
            return Sample(drawn.map { arm[$0] }).median / Sample(drawn.map { control[$0] }).median
        }.sorted()
        lower = resampled[Self.resampleCount / 40]
        upper = resampled[Self.resampleCount - 1 - Self.resampleCount / 40]
    }

    private static let resampleCount = 10_000
}
