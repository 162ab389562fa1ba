import Foundation

/// Lines on the terminal that are drawn over and over in their place, and go when the block does.
struct LiveBlock: ~Copyable {
    private var lineCount = 0

    deinit {
        if lineCount > 0 { Console.draw("\u{1B}[\(lineCount)A\r\u{1B}[J") }
    }

    /// Draws the lines in place of those before; what does not fit the window is cut off.
    mutating func show(_ lines: [String]) {
        let window = Self.window
        let shown = lines.prefix(window.rowCount - 1).map { $0.prefix(window.columnCount - 1) }
        let back = lineCount > 0 ? "\u{1B}[\(lineCount)A\r" : ""
        Console.draw(back + shown.map { $0 + "\u{1B}[K\n" }.joined() + "\u{1B}[J")
        lineCount = shown.count
    }

    /// The terminal's size now, or that of old where it does not say.
    private static var window: (rowCount: Int, columnCount: Int) {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 1, size.ws_col > 1 else {
            return (24, 80)
        }
        return (Int(size.ws_row), Int(size.ws_col))
    }
}
