import Foundation
import HonePlots

/// The page that `reproduce` writes from the records of all claims, and the pictures beside those.
struct ReproductionPage {
    /// `docs`, in which are `reproduce.md` and the folder of the records.
    let folder: URL
    let outcomes: [ClaimOutcome]

    static func records(in folder: URL) -> URL { folder.appending(path: "reproduce") }

    var file: URL { folder.appending(path: "reproduce.md") }

    func write() throws {
        var text = head + overview
        for outcome in outcomes {
            text += try section(of: outcome)
        }
        text += ["", "## Not among these claims", "", "| claim | where, or why |", "| --- | --- |"]
        text += Claim.later.map { "| \($0.part) | \($0.reason) |" }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data((text.joined(separator: "\n") + "\n").utf8).write(to: file, options: .atomic)
    }

    private var head: [String] {
        [
            "# The claims, measured again", "",
            "Written by `hone reproduce` from the records in [`reproduce/`](reproduce); `hone reproduce --only NAME`",
            "measures one claim anew and leaves the others as they are.", "",
            "A result is the median over seeds, in brackets the 95 % interval of the mean by resampling seeds. Its",
            "control was measured in the same run with the same seeds; \"against the control\" is the mean difference",
            "from it, seed by seed, or the ratio of medians, with the 95 % interval by resampling pairs. A claim holds",
            "if every median reaches its bar; where the bar says \"each\", every single seed has to.", "",
        ]
    }

    private var overview: [String] {
        var lines = ["| claim | | holds | measured |", "| --- | --- | --- | --- |"]
        for claim in Claim.all {
            if let outcome = outcomes.first(where: { $0.claim.name == claim.name }) {
                let verdict = outcome.holds ? "yes" : "**no**"
                let day = outcome.record.date.formatted(.iso8601.year().month().day())
                lines.append("| [\(claim.name)](#\(claim.name)) | \(claim.statement) | \(verdict) | \(day) |")
            } else {
                let needs = claim.blanks.filter { $0 != .seeds && $0 != .keep }.map(\.need)
                let how = needs.isEmpty ? "" : "; needs " + needs.joined(separator: " and ")
                lines.append("| \(claim.name) | \(claim.statement) | | not yet\(how) |")
            }
        }
        return lines
    }

    private func section(of outcome: ClaimOutcome) throws -> [String] {
        let record = outcome.record
        let minute = record.date.formatted(
            .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
        let seeds = record.rows.map(\.values.count).max() ?? 1
        var lines = [
            "", "## \(outcome.claim.name)", "", outcome.claim.statement, "",
            "Measured \(minute) UTC on \(record.machine), \(seeds == 1 ? "one run" : "\(seeds) seeds"), in "
                + "\(Int(record.seconds.rounded())) s by", "", "    \(record.command)", "",
            "| measured | result | control | against the control | bar | holds |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for finding in outcome.findings {
            let cells = [
                finding.reading.row, ClaimFinding.text(finding.row), finding.controlText, finding.againstControl,
                finding.bar, finding.holds ? "yes" : "**no**",
            ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        if outcome.holds {
            lines += ["", "Holds: yes."]
        } else {
            lines += ["", "Holds: **no**: " + outcome.reasons.joined(separator: "; ") + ". " + outcome.claim.limits]
        }
        if !record.remarks.isEmpty { lines += [""] + record.remarks.map { "- \($0)" } }
        return try lines + picture(of: outcome)
    }

    /// Nothing where there is only one run.
    private func picture(of outcome: ClaimOutcome) throws -> [String] {
        let charts = outcome.findings.filter { $0.row.values.count > 1 }.map(\.chart)
        guard !charts.isEmpty else { return [] }
        let figure = Figure(title: outcome.claim.statement, charts: charts, chartSize: (860, 240))
        let file = Self.records(in: folder).appending(path: "\(outcome.claim.name).svg")
        try Data(figure.svg().utf8).write(to: file, options: .atomic)
        return ["", "![\(outcome.claim.statement)](reproduce/\(file.lastPathComponent))"]
    }
}

extension ClaimFinding {
    /// A point a seed for what was measured, and for its control.
    fileprivate var chart: Chart {
        func dots(_ row: ClaimRecord.Row) -> [Point] {
            row.values.enumerated().map { Point(Double($0.offset + 1), $0.element) }
        }
        var chart = Chart(
            title: reading.row, xLabel: "seed", yLabel: row.unit, marks: [Mark(.dots(dots(row)), name: "measured")],
            xRange: 0.5...Double(row.values.count) + 0.5)
        if let control {
            chart.marks.append(Mark(.dots(dots(control)), name: reading.control ?? "control", color: .vermilion))
        }
        return chart
    }
}
