import Foundation

/// Progress on stderr: one line drawn over and over on a terminal, otherwise a plain line now and then.
struct ProgressLine: ~Copyable {
    private let isTerminal: Bool
    private let isSilent: Bool
    /// Between two plain lines.
    private let interval = Duration.seconds(10)
    private let start = ContinuousClock.now
    private var lastPrint: ContinuousClock.Instant?
    private var lastText = ""

    init(isSilent: Bool = false) {
        self.isSilent = isSilent
        isTerminal = Console.isTerminal
    }

    deinit {
        if isTerminal, !lastText.isEmpty { Console.draw("\r\u{1B}[K") }
    }

    /// Shows how far the work is; `fraction` in 0...1 draws a bar on a terminal.
    mutating func show(_ text: String, fraction: Double? = nil) {
        guard !isSilent else { return }
        if isTerminal {
            let bar = fraction.map { Self.bar($0) + " " } ?? ""
            lastText = text
            Console.draw("\r[\(elapsed)] \(bar)\(text)\u{1B}[K")
        } else if text != lastText, lastPrint.map({ $0.duration(to: .now) >= interval }) ?? true {
            (lastText, lastPrint) = (text, .now)
            Console.draw("[\(elapsed)] \(text)\n")
        }
    }

    /// Leaves a line that stays, above what is shown next.
    func keep(_ text: String) {
        guard !isSilent else { return }
        Console.draw((isTerminal ? "\r\u{1B}[K" : "") + "[\(elapsed)] \(text)\n")
    }

    private var elapsed: String {
        start.duration(to: .now).clockText
    }

    static func bar(_ fraction: Double, width: Int = 24) -> String {
        let filled = Int((min(max(fraction, 0), 1) * Double(width)).rounded())
        return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }
}

extension Duration {
    /// Minutes and seconds, as `2:05`.
    var clockText: String {
        let seconds = Int(components.seconds)
        let rest = seconds % 60
        return "\(seconds / 60):\(rest < 10 ? "0" : "")\(rest)"
    }
}
