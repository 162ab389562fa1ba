/// Charts in rows under a title, as one picture.
public struct Figure: Sendable {
    public var title: String
    public var charts: [Chart]
    /// Charts beside each other.
    public var columnCount: Int
    /// The size of one chart, in pixels.
    public var chartSize: (width: Double, height: Double)

    private static let titleHeight = 44.0

    public init(
        title: String, charts: [Chart], columnCount: Int = 1, chartSize: (width: Double, height: Double) = (640, 360)
    ) {
        precondition(columnCount > 0, "a figure of \(columnCount) columns shows nothing")
        self.title = title
        self.charts = charts
        self.columnCount = columnCount
        self.chartSize = chartSize
    }

    /// The figure as a whole SVG file, which needs no other.
    public func svg() -> String {
        let columnCount = min(columnCount, max(charts.count, 1))
        let rowCount = (charts.count + columnCount - 1) / columnCount
        let width = chartSize.width * Double(columnCount)
        let height = chartSize.height * Double(rowCount) + Self.titleHeight
        var drawing = Drawing()
        drawing.open(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("width", .number(width)), ("height", .number(height)),
                ("viewBox", "0 0 \(Drawing.number(width)) \(Drawing.number(height))"), ("role", "img"),
                ("font-family", "DejaVu Sans, Helvetica, Arial, sans-serif"), ("font-size", "12"),
                ("fill", "#222222"),
            ])
        drawing.element("title", text: title)
        drawing.empty("rect", [("width", "100%"), ("height", "100%"), ("fill", "#ffffff")])
        drawing.text(title, x: width / 2, y: 28, [("font-size", "17"), ("text-anchor", "middle")])
        for (index, chart) in charts.enumerated() {
            let corner = Point(
                Double(index % columnCount) * chartSize.width,
                Double(index / columnCount) * chartSize.height + Self.titleHeight)
            ChartDrawing(chart, number: index, size: chartSize).draw(at: corner, on: &drawing)
        }
        drawing.close("svg")
        return drawing.text
    }
}
