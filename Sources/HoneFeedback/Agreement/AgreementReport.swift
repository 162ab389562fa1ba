public import HonePostgres

/// How far the labellers of one kind of task agree, and how each of them works.
public struct AgreementReport: Sendable, Encodable {
    public let kind: LabelKind
    public let source: LabelSource
    public let labelCount: Int
    public let taskCount: Int
    /// Units with two labels or more: tasks, and for step labels their steps.
    public let sharedUnitCount: Int
    /// Krippendorff's alpha: nominal for preferences, ordinal for steps and ratings.
    public let alpha: AgreementEstimate
    /// Fleiss' kappa, nominal.
    public let fleiss: AgreementEstimate
    /// Cohen's kappa, where there are exactly two labellers.
    public let kappa: AgreementEstimate?
    public let labellers: [LabellerReport]

    /// Of asked and imported tasks; gold questions only tell how reliable labellers are.
    ///
    /// - Throws: `FeedbackError.noLabels`.
    public init(_ selection: LabelSelection, from session: any PostgresSession) async throws {
        let tally = try await AgreementTally(selection, from: session)
        guard tally.labelCount > 0 else {
            throw FeedbackError.noLabels(kind: selection.kind, source: selection.source)
        }
        kind = selection.kind
        source = selection.source
        labelCount = tally.labelCount
        taskCount = tally.taskCount
        sharedUnitCount = tally.sharedUnitCount
        if selection.kind == .correction {
            let none = Coefficient.undefined("corrections are texts, which have no scale")
            alpha = AgreementEstimate(coefficient: none, interval: nil)
            fleiss = alpha
            kappa = nil
        } else {
            let estimates = tally.estimates
            alpha = estimates.alpha
            fleiss = estimates.fleiss
            kappa = estimates.cohen
        }
        let gold = try await GoldRecord.all(of: selection.source, from: session)
        labellers = tally.labellers.map { labeller in
            var labeller = labeller
            labeller.gold = gold.first { $0.labeller == labeller.labeller }
            return labeller
        }
    }
}

/// One labeller among the others.
public struct LabellerReport: Sendable, Encodable, Hashable {
    public let labeller: String
    public let labelCount: Int
    /// How often another labeller of the same unit said the same; nil if nobody else judged what it did.
    public let agreement: Double?
    /// How probably it says what is true, by ``DawidSkene``; nil if nobody else judged what it did.
    public let reliability: Double?
    /// From taking a slot to judging; nil for imported labels.
    public let medianSeconds: Double?
    /// Its answers to gold questions of any kind; nil if it had none.
    public internal(set) var gold: GoldRecord?
}

extension AgreementTally {
    init(_ selection: LabelSelection, from session: any PostgresSession) async throws {
        self.init(selection.kind)
        try await selection.forEachPage(.asked, withContent: false, from: session) { page in
            for task in page { add(task) }
        }
        try await selection.forEachPage(.gold, withContent: false, from: session) { page in
            for task in page { add(task) }
        }
    }
}
