import HoneFeedback

/// Takes a freeze of the labels that stand now.
struct FreezePayload: JobPayload {
    /// The freeze is called so, with the job's number behind it: a name is never taken twice.
    let name: String
    /// preference or steps.
    let kind: LabelKind
    /// person if left out.
    let source: LabelSource?
    /// Only labels imported under this name.
    let origin: String?
    /// Only labels about samples of this checkpoint.
    let checkpoint: Int64?
    /// equal if left out.
    let weighting: LabellerWeighting?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, kind, source, origin, checkpoint, weighting
    }

    func validate() throws(WorkerError) {
        try require(
            !name.isEmpty && name.count <= 100
                && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) },
            .name, "must be a word of at most 100 letters, digits, dots and dashes")
        try require(
            [.preference, .steps].contains(kind), .kind, "is \(kind); preference and steps labels make a freeze")
    }
}
