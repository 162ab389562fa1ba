/// What a chart shows: marks over two axes.
public struct Chart: Sendable {
    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var marks: [Mark]
    /// What the axes span; nil for what the marks need.
    public var xRange: ClosedRange<Double>?
    public var yRange: ClosedRange<Double>?

    public init(
        title: String, xLabel: String = "", yLabel: String = "", marks: [Mark] = [],
        xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.marks = marks
        self.xRange = xRange
        self.yRange = yRange
    }

    /// Adds a curve as it was measured, pale, and over it its mean over about `count` points.
    public mutating func addCurve(_ name: String, _ points: [Point], smoothedOver count: Int) {
        let color = nextColor
        if count <= 1 {
            marks.append(Mark(.line(points), name: name, color: color))
        } else {
            marks.append(Mark(.line(points), color: color, isFaint: true))
            marks.append(Mark(.line(points.smoothed(over: count)), name: name, color: color))
        }
    }

    /// The color that no named mark has yet.
    public var nextColor: Mark.Color {
        let all = Mark.Color.allCases
        return all[Set(marks.filter { $0.shape.isCurve }.map(\.color)).count % all.count]
    }

    /// Accuracy by confidence: a bar for each bin, and the diagonal on which a calibrated model lies.
    public static func reliability(_ bins: [ReliabilityBin], title: String) -> Chart {
        let total = Double(bins.reduce(0) { $0 + $1.count })
        let error = bins.reduce(0) { $0 + Double($1.count) / total * ($1.confidence - $1.accuracy).magnitude }
        let percent = Ticks.fixed(error, decimalCount: 3)
        return Chart(
            title: total > 0 ? "\(title) (expected calibration error \(percent))" : title, xLabel: "confidence",
            yLabel: "share right",
            marks: [
                Mark(.bars(bins.map { Bar(from: $0.from, to: $0.to, height: $0.accuracy) }), name: "measured"),
                Mark(.guide(Point(0, 0), Point(1, 1)), name: "calibrated"),
                Mark(
                    .dots(bins.filter { $0.count > 0 }.map { Point($0.confidence, $0.accuracy) }),
                    name: "mean confidence", color: .vermilion),
            ],
            xRange: 0...1, yRange: 0...1)
    }
}

/// Answers of about one confidence.
public struct ReliabilityBin: Sendable {
    public let from: Double
    public let to: Double
    public let count: Int
    /// The mean of what the model said.
    public let confidence: Double
    /// The share that was right.
    public let accuracy: Double

    public init(from: Double, to: Double, count: Int, confidence: Double, accuracy: Double) {
        self.from = from
        self.to = to
        self.count = count
        self.confidence = confidence
        self.accuracy = accuracy
    }
}

/// One thing that is drawn.
public struct Mark: Sendable {
    public enum Shape: Sendable {
        /// Through the points, with a gap where one is no number.
        case line([Point])
        /// As a line that stays at a height until the next point.
        case steps([Point])
        /// Between two heights at each x, such as a confidence interval.
        case band([Interval])
        /// As a band that stays until the next x.
        case stepBand([Interval])
        case bars([Bar])
        case dots([Point])
        /// A dashed line to compare with.
        case guide(Point, Point)

        var isCurve: Bool {
            switch self {
            case .line, .steps, .bars, .dots: true
            case .band, .stepBand, .guide: false
            }
        }
    }

    /// Colors that the color-blind tell apart (Okabe and Ito).
    public enum Color: String, Sendable, CaseIterable {
        case blue = "#0072b2"
        case vermilion = "#d55e00"
        case green = "#009e73"
        case purple = "#cc79a7"
        case orange = "#e69f00"
        case sky = "#56b4e9"
        case black = "#222222"
    }

    public var shape: Shape
    /// What the legend says; nil for nothing.
    public var name: String?
    public var color: Color
    /// Drawn thin and pale, behind what counts.
    public var isFaint: Bool

    public init(_ shape: Shape, name: String? = nil, color: Color = .blue, isFaint: Bool = false) {
        self.shape = shape
        self.name = name
        self.color = color
        self.isFaint = isFaint
    }

    /// All points that should be in sight.
    var extent: [Point] {
        switch shape {
        case .line(let points), .steps(let points), .dots(let points): points
        case .band(let intervals), .stepBand(let intervals):
            intervals.flatMap { [Point($0.x, $0.low), Point($0.x, $0.high)] }
        case .bars(let bars): bars.flatMap { [Point($0.from, 0), Point($0.to, $0.height)] }
        case .guide(let start, let end): [start, end]
        }
    }
}

/// Two heights at an x.
public struct Interval: Sendable {
    public let x: Double
    public let low: Double
    public let high: Double

    public init(x: Double, low: Double, high: Double) {
        self.x = x
        self.low = low
        self.high = high
    }
}

/// A bar from the zero line.
public struct Bar: Sendable {
    public let from: Double
    public let to: Double
    public let height: Double

    public init(from: Double, to: Double, height: Double) {
        self.from = from
        self.to = to
        self.height = height
    }
}
