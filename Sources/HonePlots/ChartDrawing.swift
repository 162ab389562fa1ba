/// Draws one chart: frame, grid, axes, legend and marks.
struct ChartDrawing {
    private let chart: Chart
    private let clip: String
    private let xTicks: Ticks
    private let yTicks: Ticks
    private let legend: Legend
    // The plot's edges, from the chart's upper left corner.
    private let left: Double
    private let right: Double
    private let top: Double
    private let bottom: Double

    init(_ chart: Chart, number: Int, size: (width: Double, height: Double)) {
        self.chart = chart
        clip = "plot-\(number)"
        let extent = chart.marks.flatMap(\.extent)
        xTicks = Ticks(chart.xRange ?? Self.range(of: extent.map(\.x)), about: 6)
        let yTicks = chart.yRange.map { Ticks($0) } ?? Ticks(rounding: Self.range(of: extent.map(\.y)))
        self.yTicks = yTicks
        let labelWidth = yTicks.values.map { TextWidth.of(yTicks.label($0)) }.max() ?? 0
        left = 20 + labelWidth + (chart.yLabel.isEmpty ? 0 : 20)
        right = size.width - 24
        legend = Legend(chart.marks.filter { $0.name != nil }, width: right - left)
        top = 28 + legend.height
        bottom = size.height - (chart.xLabel.isEmpty ? 34 : 54)
    }

    /// The range of the finite ones; from 0 to 1 where there is none.
    private static func range(of values: [Double]) -> ClosedRange<Double> {
        let finite = values.filter(\.isFinite)
        guard let least = finite.min(), let greatest = finite.max() else { return 0...1 }
        return least...greatest
    }

    func draw(at corner: Point, on drawing: inout Drawing) {
        drawing.open("g", [("transform", "translate(\(Drawing.number(corner.x)) \(Drawing.number(corner.y)))")])
        drawing.text(chart.title, x: (left + right) / 2, y: 18, [("text-anchor", "middle"), ("font-size", "14")])
        legend.draw(x: left, y: 28, on: &drawing)
        drawAxes(on: &drawing)
        drawing.open("clipPath", [("id", "\(clip)")])
        drawing.empty(
            "rect",
            [
                ("x", .number(left)), ("y", .number(top - 2)), ("width", .number(right - left)),
                ("height", .number(bottom - top + 4)),
            ])
        drawing.close("clipPath")
        drawing.open("g", [("clip-path", "url(#\(clip))"), ("fill", "none"), ("stroke-linejoin", "round")])
        for mark in chart.marks { draw(mark, on: &drawing) }
        drawing.close("g")
        drawing.close("g")
    }

    // MARK: Axes

    private func drawAxes(on drawing: inout Drawing) {
        for tick in yTicks.values {
            let y = place(y: tick)
            drawing.segment(Point(left, y), Point(right, y), [("stroke", "#e2e2e2")])
            drawing.text(yTicks.label(tick), x: left - 6, y: y + 4, [("text-anchor", "end")])
        }
        for tick in xTicks.values {
            let x = place(x: tick)
            drawing.segment(Point(x, bottom), Point(x, bottom + 4), [("stroke", "#222222")])
            drawing.text(xTicks.label(tick), x: x, y: bottom + 18, [("text-anchor", "middle")])
        }
        drawing.segment(Point(left, top), Point(left, bottom), [("stroke", "#222222")])
        drawing.segment(Point(left, bottom), Point(right, bottom), [("stroke", "#222222")])
        if !chart.xLabel.isEmpty {
            drawing.text(chart.xLabel, x: (left + right) / 2, y: bottom + 38, [("text-anchor", "middle")])
        }
        if !chart.yLabel.isEmpty {
            let middle = (top + bottom) / 2
            drawing.text(
                chart.yLabel, x: 16, y: middle,
                [("text-anchor", "middle"), ("transform", "rotate(-90 16 \(Drawing.number(middle)))")])
        }
    }

    private func place(x: Double) -> Double {
        left + Self.share(of: x, in: xTicks.range) * (right - left)
    }

    private func place(y: Double) -> Double {
        bottom - Self.share(of: y, in: yTicks.range) * (bottom - top)
    }

    private static func share(of value: Double, in range: ClosedRange<Double>) -> Double {
        (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    private func place(_ point: Point) -> Point {
        Point(place(x: point.x), place(y: point.y))
    }

    // MARK: Marks

    private func draw(_ mark: Mark, on drawing: inout Drawing) {
        let color: Drawing.Value = "\(mark.color.rawValue)"
        let stroke: Drawing.Attributes = [
            ("stroke", color), ("stroke-width", mark.isFaint ? "1" : "1.8"),
            ("stroke-opacity", mark.isFaint ? "0.35" : "1"),
        ]
        switch mark.shape {
        case .line(let points):
            drawing.empty("path", [("d", "\(path(points.thinned(to: Int(right - left))))")] + stroke)
        case .steps(let points):
            drawing.empty("path", [("d", "\(path(points.stairs.thinned(to: Int(right - left))))")] + stroke)
        case .band(let intervals): fill(intervals, color, on: &drawing)
        case .stepBand(let intervals): fill(intervals.stairs, color, on: &drawing)
        case .bars(let bars):
            for bar in bars where bar.height.isFinite { draw(bar, color, on: &drawing) }
        case .dots(let points):
            for point in points.filter(\.isFinite).map(place) {
                drawing.empty(
                    "circle", [("cx", .number(point.x)), ("cy", .number(point.y)), ("r", "4"), ("fill", color)])
            }
        case .guide(let start, let end):
            drawing.segment(place(start), place(end), [("stroke", "#777777"), ("stroke-dasharray", "6 4")])
        }
    }

    /// A point alone between gaps is drawn as a short dash, since a path of one point shows nothing.
    private func path(_ points: [Point]) -> String {
        let runs = points.split { !$0.isFinite }
        return runs.map { run in
            let places = run.map(place).map { "\(Drawing.number($0.x)) \(Drawing.number($0.y))" }
            return "M" + places.joined(separator: "L") + (run.count == 1 ? "h2" : "")
        }.joined()
    }

    private func fill(_ intervals: [Interval], _ color: Drawing.Value, on drawing: inout Drawing) {
        let finite = intervals.filter { $0.x.isFinite && $0.low.isFinite && $0.high.isFinite }
        if finite.isEmpty { return }
        let outline = finite.map { Point($0.x, $0.high) } + finite.reversed().map { Point($0.x, $0.low) }
        drawing.empty("path", [("d", "\(path(outline))Z"), ("fill", color), ("fill-opacity", "0.2")])
    }

    private func draw(_ bar: Bar, _ color: Drawing.Value, on drawing: inout Drawing) {
        let (from, to) = (place(x: bar.from), place(x: bar.to))
        let (zero, end) = (place(y: 0), place(y: bar.height))
        drawing.empty(
            "rect",
            [
                ("x", .number(from + 1)), ("y", .number(min(zero, end))), ("width", .number(max(1, to - from - 2))),
                ("height", .number((zero - end).magnitude)), ("fill", color), ("fill-opacity", "0.55"),
            ])
    }
}

extension [Point] {
    /// With a corner between every two.
    fileprivate var stairs: [Point] {
        guard let first else { return [] }
        return [first] + zip(self, dropFirst()).flatMap { [Point($1.x, $0.y), $1] }
    }
}

extension [Interval] {
    fileprivate var stairs: [Interval] {
        guard let first else { return [] }
        return [first] + zip(self, dropFirst()).flatMap { [Interval(x: $1.x, low: $0.low, high: $0.high), $1] }
    }
}
