import Foundation
import HoneDatasets
import HonePipeline

extension StageStatus {
    static let columns = [
        Column<StageStatus>("STAGE") { $0.name },
        Column("KIND") { $0.kind },
        Column("JOB", isNumber: true) { String($0.job) },
        Column("STATE") { $0.state },
        Column("TIME", isNumber: true) { $0.time?.clockText ?? "" },
        Column("NOTE") { $0.note },
    ]

    var isFinal: Bool { JobState(rawValue: state)?.isFinal ?? false }

    /// How long it took, or takes so far.
    private var time: Duration? {
        startedAt.map { .seconds((finishedAt ?? .now).timeIntervalSince($0)) }
    }

    private var note: String { error ?? progressText }

    /// What stays on the screen when the stage has ended.
    var ending: String {
        let duration = time.map { " in \($0.clockText)" } ?? ""
        return "\(name) \(state)\(duration)" + (note.isEmpty ? "" : ": \(note)")
    }

    /// What the progress line says while it goes on.
    var current: String {
        "\(name) \(state)" + (progressText.isEmpty ? "" : ": \(progressText)")
    }

    /// How far it is, in 0...1, if it says so.
    var share: Double? {
        guard case .object(let report) = progress else { return nil }
        if let fraction = report["fraction"]?.double { return fraction }
        guard let step = report["step"]?.double, let steps = report["steps"]?.double, steps > 0 else { return nil }
        return step / steps
    }

    /// What the worker reports of itself, what people look for first; any key that it reports is shown.
    private var progressText: String {
        guard case .object(let report) = progress else { return "" }
        let known = ["message", "step", "steps", "loss", "tokens_per_second", "eta_seconds"]
        let rest = report.keys.filter { !known.contains($0) && $0 != "fraction" }.sorted()
        return (known + rest).compactMap { key in report[key].map { Self.part(key, $0) } }.joined(separator: ", ")
    }

    private static func part(_ key: String, _ value: JSONValue) -> String {
        switch (key, value) {
        case ("eta_seconds", _): "\(Duration.seconds(value.double ?? 0).clockText) to go"
        case ("message", .string(let text)): text
        case (_, .string(let text)): "\(label(key)) \(text)"
        default: "\(label(key)) \(value.double.map(shortNumber) ?? value.text)"
        }
    }

    private static func label(_ key: String) -> String {
        key.replacing("_per_second", with: "/s").replacing("_", with: " ")
    }

    /// Four digits are enough to watch.
    private static func shortNumber(_ number: Double) -> String {
        if number == number.rounded() || abs(number) >= 1000 { return "\(Int(number.rounded()))" }
        return "\((number * 10_000).rounded() / 10_000)"
    }
}

extension JSONValue {
    fileprivate var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
