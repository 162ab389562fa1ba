import Foundation
import HonePlots

/// The page that `reproduce` writes, and the pictures beside it.
struct ReproductionPage {
    let outcomes: [ClaimOutcome]
    let seeds: Int

    func write(to page: URL) throws {
        let folder = page.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let stem = page.deletingPathExtension().lastPathComponent
        var text = head + table
        for outcome in outcomes {
            let charts = charts(of: outcome)
            guard !charts.isEmpty else { continue }
            let name = "\(stem)-\(outcome.claim.name).svg"
            let figure = Figure(title: outcome.claim.statement, charts: charts, chartSize: (860, 240))
            try Data(figure.svg().utf8).write(to: folder.appending(path: name), options: .atomic)
            text += ["", "![\(outcome.claim.statement)](\(name))"]
        }
        text += ["", "## Not measured by this version", "", "| claim | why |", "| --- | --- |"]
        text += Claim.later.map { "| \($0.part) | \($0.reason) |" }
        try Data((text.joined(separator: "\n") + "\n").utf8).write(to: page, options: .atomic)
    }

    private var head: [String] {
        [
            "# The claims, measured again", "",
            "Written by `hone reproduce` on \(Machine().text), \(seeds) seed\(seeds == 1 ? "" : "s"). A cell is the",
            "median over seeds, with the 95 % interval of the mean by resampling them; its control was measured in the",
            "same runs. What does not hold stays here, with what is known about why.", "",
        ]
    }

    private var table: [String] {
        var lines = [
            "| claim | what was measured | result | control | bar | holds |", "| --- | --- | --- | --- | --- | --- |",
        ]
        for outcome in outcomes {
            let claim = outcome.claim.statement
            if let fault = outcome.fault {
                lines.append("| \(claim) | `\(outcome.command)` | not measured: \(fault) | | | no |")
            } else if let ended = outcome.ended {
                lines.append("| \(claim) | `\(outcome.command)` | exit status | | 0 | \(ended ? "yes" : "**no**") |")
            }
            for finding in outcome.findings {
                let control = finding.control.map(ClaimOutcome.Finding.text) ?? ""
                let cells = [
                    claim, finding.reading.row, ClaimOutcome.Finding.text(finding.row), control,
                    finding.reading.bar.text, finding.holds ? "yes" : "**no**",
                ]
                lines.append("| " + cells.joined(separator: " | ") + " |")
            }
        }
        lines += ["", "Commands and their times:", ""]
        lines += outcomes.map { "- `\($0.command)`: \(Int($0.seconds.rounded())) s" }
        let failed = outcomes.filter { !$0.holds }
        if !failed.isEmpty {
            lines += ["", "## Why some do not hold", ""]
            lines += failed.map { "- \($0.claim.statement) \($0.claim.limits)" }
        }
        return lines
    }

    /// A point a seed for what was measured, and for its control.
    private func charts(of outcome: ClaimOutcome) -> [Chart] {
        outcome.findings.filter { $0.row.sample.values.count > 1 }.map { finding in
            func dots(_ row: ClaimOutcome.Row) -> [Point] {
                row.sample.values.enumerated().map { Point(Double($0.offset + 1), $0.element) }
            }
            var chart = Chart(
                title: finding.reading.row, xLabel: "seed", yLabel: finding.row.unit,
                marks: [Mark(.dots(dots(finding.row)), name: "measured")],
                xRange: 0.5...Double(finding.row.sample.values.count) + 0.5)
            if let control = finding.control {
                chart.marks.append(
                    Mark(.dots(dots(control)), name: finding.reading.control ?? "control", color: .vermilion))
            }
            return chart
        }
    }
}
