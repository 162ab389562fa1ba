import HonePlots

/// Time and memory of every kind and length.
struct AttentionResults {
    typealias Kind = AttentionMeasurement.Kind
    private let found: [(one: AttentionMeasurement, finding: AttentionMeasurement.Finding)]

    init(_ found: [(AttentionMeasurement, AttentionMeasurement.Finding)]) {
        self.found = found.map { (one: $0.0, finding: $0.1) }
    }

    /// Each beside full attention by our own kernel.
    var rows: [SuiteReport.Row] {
        found.flatMap { one, finding in
            let full = self.finding(one.part, .full, one.length)
            let name = "\(one.part.rawValue), \(one.length) tokens, \(one.kind.rawValue)"
            return [
                SuiteReport.Row(
                    name: name, unit: "ms", sample: Sample(finding.seconds.map { 1000 * $0 }),
                    beside: Self.beside(one, full?.seconds.map { 1000 * $0 })),
                SuiteReport.Row(
                    name: name + ", memory", unit: "MiB", sample: Sample([finding.mebibytes]),
                    beside: Self.beside(one, full.map { [$0.mebibytes] })),
            ]
        }
    }

    private static func beside(_ one: AttentionMeasurement, _ values: [Double]?) -> SuiteReport.Beside? {
        guard let values, one.kind != .full else { return nil }
        return .init(name: "full", sample: Sample(values))
    }

    private func finding(_ part: AttentionMeasurement.Part, _ kind: Kind, _ length: Int)
        -> AttentionMeasurement.Finding?
    {
        found.first { $0.one.part == part && $0.one.kind == kind && $0.one.length == length }?.finding
    }

    var figure: Figure {
        Figure(
            title: "One attention layer, forward and backward, by length of the sequence",
            charts: [
                chart("microseconds a token", "µs") { $1.seconds.sorted()[$1.seconds.count / 2] * 1e6 / Double($0) },
                chart("memory, KiB a token", "KiB") { $1.mebibytes * 1024 / Double($0) },
            ], columnCount: 2, chartSize: (480, 320))
    }

    private func chart(
        _ title: String, _ unit: String, _ value: (Int, AttentionMeasurement.Finding) -> Double
    ) -> Chart {
        var chart = Chart(title: title, xLabel: "thousand tokens", yLabel: unit)
        for kind in Kind.allCases {
            let points = found.filter { $0.one.part == .layer && $0.one.kind == kind }
                .map { Point(Double($0.one.length) / 1024, value($0.one.length, $0.finding)) }
            chart.addCurve(kind == .libtorch ? "full by libtorch" : kind.rawValue, points, smoothedOver: 1)
        }
        return chart
    }
}
