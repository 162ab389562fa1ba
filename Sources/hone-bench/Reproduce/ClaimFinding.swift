import HoneEvaluation

/// One reading of a claim, as the record has it: the number, its control, and whether the bar is reached.
struct ClaimFinding {
    let reading: Claim.Reading
    let row: ClaimRecord.Row
    let control: ClaimRecord.Row?

    /// Nil where the record lacks one of the rows, because it was written before the claim asked for it.
    init?(_ reading: Claim.Reading, in record: ClaimRecord) {
        guard let row = record.row(reading.row) else { return nil }
        self.reading = reading
        self.row = row
        control = reading.control.flatMap(record.row)
        if reading.control != nil, control?.values.count != row.values.count { return nil }
    }

    var holds: Bool {
        guard reading.isForEverySeed else {
            return reading.bar.isReached(by: row.sample.median, control: control?.sample.median)
        }
        return row.values.enumerated().allSatisfy { seed, value in
            reading.bar.isReached(by: value, control: control.map { $0.values[seed] })
        }
    }

    var bar: String { reading.isForEverySeed && row.values.count > 1 ? reading.bar.text + ", each" : reading.bar.text }

    /// Median over seeds and the 95 % interval of their mean, by resampling seeds.
    static func text(_ row: ClaimRecord.Row) -> String {
        let unit = row.unit.isEmpty ? "" : " \(row.unit)"
        let median = Number.text(row.sample.median)
        guard row.values.count > 1 else { return "\(median)\(unit)" }
        let interval = PairedBootstrap(row.values)
        return "\(median)\(unit) (\(Number.text(interval.lower)) to \(Number.text(interval.upper)))"
    }

    /// The control's numbers, and whose they are where a row has several peers.
    var controlText: String {
        guard let control else { return "" }
        return Self.text(control) + (reading.peer.map { ", \($0)" } ?? "")
    }

    /// Seed against the same seed: the mean difference, or the ratio of medians, with a 95 % interval.
    var againstControl: String {
        guard let control else { return "" }
        if reading.bar.isInTimesOfControl {
            let ratio = StepRatio(row.values, over: control.values)
            return "\(Number.text(ratio.ratio)) times" + interval(ratio.lower, ratio.upper)
        }
        let difference = PairedBootstrap(zip(row.values, control.values).map { $0 - $1 })
        let sign = difference.difference > 0 ? "+" : ""
        return sign + Number.text(difference.difference) + interval(difference.lower, difference.upper)
    }

    private func interval(_ lower: Double, _ upper: Double) -> String {
        row.values.count > 1 ? " (\(Number.text(lower)) to \(Number.text(upper)))" : ""
    }

    /// What went amiss, for a reading that does not hold.
    var shortfall: String {
        let whose = reading.peer.map { " that of \($0)" } ?? ""
        let beside = reading.bar.isInTimesOfControl ? ", \(againstControl)\(whose)" : ""
        guard reading.isForEverySeed else { return "\(reading.row) is \(Self.text(row))\(beside), not \(bar)" }
        let missed = row.values.enumerated().filter { seed, value in
            !reading.bar.isReached(by: value, control: control.map { $0.values[seed] })
        }
        let values = missed.map { Number.text($0.element) }.joined(separator: ", ")
        return "\(reading.row) is \(values) in \(missed.count) of \(row.values.count), not \(reading.bar.text)"
    }
}
