import HoneEvaluation

/// What came out for one claim.
struct ClaimOutcome {
    struct Row {
        let unit: String
        let sample: Sample
    }

    /// One line of the table.
    struct Finding {
        let reading: Claim.Reading
        let row: Row
        let control: Row?

        var holds: Bool { reading.bar.holds(row.sample.median) }

        /// Median and, over several seeds, the 95 % interval of the mean by resampling seeds.
        static func text(_ row: Row) -> String {
            let unit = row.unit.isEmpty ? "" : " \(row.unit)"
            let median = Claim.number(row.sample.median)
            guard row.sample.values.count > 1 else { return "\(median)\(unit) (one run)" }
            let interval = PairedBootstrap(row.sample.values)
            return "\(median)\(unit) (\(Claim.number(interval.lower)) to \(Claim.number(interval.upper)))"
        }
    }

    let claim: Claim
    let command: String
    var seconds = 0.0
    var rows: [String: Row] = [:]
    /// The verdict of a suite without readings.
    var ended: Bool?
    /// Why nothing was measured.
    var fault: String?

    var findings: [Finding] {
        claim.readings.compactMap { reading in
            rows[reading.row].map { row in
                Finding(reading: reading, row: row, control: reading.control.flatMap { rows[$0] })
            }
        }
    }

    /// Readings that the suite did not print.
    var missing: [String] { claim.readings.map(\.row).filter { rows[$0] == nil } }

    var holds: Bool {
        if fault != nil { return false }
        if let ended { return ended }
        return missing.isEmpty && findings.allSatisfy(\.holds)
    }

    var lines: [String] {
        if let fault { return ["not measured: \(fault)"] }
        if let ended { return [ended ? "holds" : "does not hold"] }
        return findings.map { finding in
            let verdict = finding.holds ? "holds" : "does not hold"
            return "\(finding.reading.row): \(Finding.text(finding.row)), \(finding.reading.bar.text): \(verdict)"
        } + missing.map { "not printed by the suite: \($0)" }
    }
}
