/// A claim beside what is on record of it.
struct ClaimOutcome {
    let claim: Claim
    let record: ClaimRecord
    let findings: [ClaimFinding]
    /// Readings that the record does not have though it has to.
    let missing: [String]

    init(_ claim: Claim, _ record: ClaimRecord) {
        self.claim = claim
        self.record = record
        findings = claim.readings.compactMap { ClaimFinding($0, in: record) }
        missing = claim.readings.filter { !$0.isOptional && ClaimFinding($0, in: record) == nil }.map(\.row)
    }

    var holds: Bool { missing.isEmpty && findings.allSatisfy(\.holds) }

    /// Why it does not hold; empty where it does.
    var reasons: [String] {
        findings.filter { !$0.holds }.map(\.shortfall) + missing.map { "'\($0)' was not measured" }
    }
}
