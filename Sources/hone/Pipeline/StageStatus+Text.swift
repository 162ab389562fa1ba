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

    /// How far it is, or what is wrong; what an earlier attempt died of matters no more once the next one gets on.
    private var note: String {
        guard let error else { return progressText }
        let getsOn = [.running, .succeeded].contains(JobState(rawValue: state))
        return getsOn && !progressText.isEmpty ? progressText : error
    }

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
        for (part, whole) in Self.counters {
            if let done = report[part]?.double, let all = report[whole]?.double, all > 0 { return done / all }
        }
        return nil
    }

    /// What stages count by: so many of so many.
    private static let counters = [("step", "steps"), ("done", "total")]

    /// What the worker reports of itself: its counter first, the remaining time last, between them any other key.
    private var progressText: String {
        guard case .object(var report) = progress else { return "" }
        var parts: [String] = []
        for (part, whole) in Self.counters {
            guard let done = report.removeValue(forKey: part) else { continue }
            parts.append("\(part) \(done.text)" + (report.removeValue(forKey: whole).map { "/\($0.text)" } ?? ""))
        }
        let remaining = report.removeValue(forKey: "eta_s")?.double
        parts += JSONValue.object(report).parts
        if let remaining, !isFinal { parts.append("\(Duration.seconds(remaining).clockText) to go") }
        return parts.joined(separator: ", ")
    }
}
