import HoneCatalog
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
            CatalogName.isValid(name) && name.count <= 100, .name,
            "is '\(name)'; it \(CatalogName.rule), and at most 100, since the job's number follows")
        try require(
            [.preference, .steps].contains(kind), .kind, "is \(kind); preference and steps labels make a freeze")
    }
}
