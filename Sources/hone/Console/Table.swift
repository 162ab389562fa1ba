/// A column of a table: its title and how a row fills it.
struct Column<Row>: Sendable {
    let title: String
    var isNumber = false
    let value: @Sendable (Row) -> String

    init(_ title: String, isNumber: Bool = false, value: @escaping @Sendable (Row) -> String) {
        self.title = title
        self.isNumber = isNumber
        self.value = value
    }
}

/// Rows in aligned columns, numbers to the right, long cells cut.
struct Table<Row> {
    let columns: [Column<Row>]
    private let cellLimit = 60

    init(columns: [Column<Row>]) {
        self.columns = columns
    }

    func text(_ rows: [Row]) -> String {
        let cells = [columns.map(\.title)] + rows.map { row in columns.map { cut($0.value(row)) } }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { line in
            let padded = columns.indices.map { pad(line[$0], to: widths[$0], atLeft: columns[$0].isNumber) }
            return padded.joined(separator: "  ").trimmingSuffix { $0 == " " }
        }.joined(separator: "\n")
    }

    private func cut(_ cell: String) -> String {
        let oneLine = cell.split(whereSeparator: \.isNewline).joined(separator: " ⏎ ")
        return oneLine.count <= cellLimit ? oneLine : oneLine.prefix(cellLimit - 1) + "…"
    }

    private func pad(_ cell: String, to width: Int, atLeft: Bool) -> String {
        let space = String(repeating: " ", count: width - cell.count)
        return atLeft ? space + cell : cell + space
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}
