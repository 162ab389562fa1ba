import HoneCatalog

/// What cannot be made of labels.
public enum FeedbackError: Error, Equatable {
    /// Nothing to learn from: no label of the kind and source stands.
    case noLabels(kind: LabelKind, source: LabelSource)
    /// Labels there are, but all of labellers who are too often wrong on gold questions, or who always chose one side.
    case nobodyTrusted(kind: LabelKind, [LeftOutLabeller])
    /// Labels there are, but none from which a row follows.
    case nothingDecided(kind: LabelKind, labelCount: Int, contradictionCount: Int)
    /// All labellers together always chose the side that was shown in the same place.
    case oneSided(side: String, labelCount: Int)
    /// A judgement in the database that has not the form of its kind.
    case badJudgement(label: Int64, fault: String)
    /// A task that is no gold question, or a retired one.
    case noSuchGold(Int64)
    case unknownFreeze(String)
    case freezeExists(String)
    case badFreezeName(String)
    /// What a freeze holds is not what was recorded.
    case freezeDamaged(String)
    /// A freeze is not the one that a job began with.
    case freezeChanged(String, was: String, is: String)
    /// A freeze was read as rows of another form.
    case wrongForm(freeze: String, form: String, wanted: String)
}

extension FeedbackError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noLabels(let kind, let source):
            "there are no \(kind) labels of source \(source); give some by 'hone label', or read others' by "
                + "'hone label import'"
        case .nobodyTrusted(let kind, let leftOut):
            "all \(kind) labels are of labellers who are not trusted: "
                + leftOut.map { "\($0.labeller), \($0.reason)" }.joined(separator: "; ")
                + "; look at the clients that submitted them and at 'hone label gold accuracy', and retire questions "
                + "that are no good"
        case .nothingDecided(let kind, let labelCount, let contradictionCount):
            "\(labelCount) \(kind) labels decide nothing: \(contradictionCount) tasks have as many votes for one side "
                + "as for the other; ask for more labels a task"
        case .oneSided(let side, let labelCount):
            "all \(labelCount) preferences are for the \(side) side as it was shown, which says nothing about the "
                + "answers; look at the client that submitted them"
        case .badJudgement(let label, let fault):
            "label \(label): \(fault)"
        case .noSuchGold(let task):
            "task \(task) is no gold question that is asked; hone.gold_questions lists them"
        case .unknownFreeze(let name):
            "there is no freeze \(name); 'hone label freeze' takes one"
        case .freezeExists(let name):
            "there is a freeze \(name) already, and a freeze never changes; choose another name"
        case .badFreezeName(let name):
            "bad freeze name: '\(name)'; it \(CatalogName.rule)"
        case .freezeDamaged(let name):
            "freeze \(name) does not hold what was recorded for it; restore the database from a backup"
        case .freezeChanged(let name, let was, let now):
            "freeze \(name) has the SHA-256 \(now.prefix(12)), and \(was.prefix(12)) was asked for or begun with; "
                + "enqueue a new job for what it is now"
        case .wrongForm(let freeze, let form, let wanted):
            "freeze \(freeze) holds \(form), not \(wanted)"
        }
    }
}
