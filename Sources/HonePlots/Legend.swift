/// The names of marks in rows, each beside a sample of its color.
struct Legend {
    private struct Entry {
        let mark: Mark
        let x: Double
        let row: Int
    }

    private let entries: [Entry]
    /// Of all rows, in pixels.
    let height: Double

    private static let rowHeight = 18.0
    private static let sampleWidth = 26.0

    init(_ marks: [Mark], width: Double) {
        var entries: [Entry] = []
        var (x, row) = (0.0, 0)
        for mark in marks {
            let entryWidth = Self.sampleWidth + TextWidth.of(mark.name ?? "") + 18
            if x > 0, x + entryWidth > width { (x, row) = (0, row + 1) }
            entries.append(Entry(mark: mark, x: x, row: row))
            x += entryWidth
        }
        self.entries = entries
        height = entries.isEmpty ? 0 : Double(row + 1) * Self.rowHeight
    }

    func draw(x: Double, y: Double, on drawing: inout Drawing) {
        for entry in entries {
            let (x, y) = (x + entry.x, y + Double(entry.row) * Self.rowHeight + 8)
            let color: Drawing.Value = "\(entry.mark.color.rawValue)"
            switch entry.mark.shape {
            case .line, .steps:
                drawing.segment(Point(x, y), Point(x + 20, y), [("stroke", color), ("stroke-width", "2.5")])
            case .guide:
                drawing.segment(Point(x, y), Point(x + 20, y), [("stroke", "#777777"), ("stroke-dasharray", "6 4")])
            case .dots:
                drawing.empty("circle", [("cx", .number(x + 10)), ("cy", .number(y)), ("r", "4"), ("fill", color)])
            case .band, .stepBand, .bars:
                drawing.empty(
                    "rect",
                    [
                        ("x", .number(x)), ("y", .number(y - 5)), ("width", "20"), ("height", "10"), ("fill", color),
                        ("fill-opacity", "0.4"),
                    ])
            }
            drawing.text(entry.mark.name ?? "", x: x + Self.sampleWidth, y: y + 4)
        }
    }
}

/// How wide a text of the figure's font is, roughly: nobody here can ask the font.
enum TextWidth {
    static func of(_ text: String, fontSize: Double = 12) -> Double {
        Double(text.count) * fontSize * 0.62
    }
}
