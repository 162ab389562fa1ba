import Foundation
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
    public let alpha: Coefficient
    /// Cohen's kappa, where there are exactly two labellers.
    public let kappa: Coefficient?
    public let labellers: [LabellerReport]

    /// - Throws: `FeedbackError.noLabels`.
    public init(_ selection: LabelSelection, from session: any PostgresSession) async throws {
        var tally = AgreementTally()
        try await selection.forEachPage(withContent: false, from: session) { page in
            for task in page { tally.add(task.labels) }
        }
        guard tally.labelCount > 0 else {
            throw FeedbackError.noLabels(kind: selection.kind, source: selection.source)
        }
        self.init(tally, selection)
    }

    init(_ tally: AgreementTally, _ selection: LabelSelection) {
        kind = selection.kind
        source = selection.source
        labelCount = tally.labelCount
        taskCount = tally.taskCount
        sharedUnitCount = tally.alpha.pairableUnitCount
        alpha =
            selection.kind == .correction
            ? .undefined("corrections are texts, which have no scale")
            : tally.alpha.coefficient(selection.kind == .preference ? .nominal : .ordinal)
        kappa = tally.kappa
        labellers = tally.labellers
    }
}

/// One labeller among the others.
public struct LabellerReport: Sendable, Encodable, Hashable {
    public let labeller: String
    public let labelCount: Int
    /// How often another labeller of the same unit said the same; nil if nobody else judged what it did.
    public let agreement: Double?
    /// From taking a slot to judging; nil for imported labels.
    public let medianSeconds: Double?
}

/// Counts labels task by task; memory grows with the labellers, and by one number a label for the medians.
struct AgreementTally {
    private(set) var labelCount = 0
    private(set) var taskCount = 0
    private(set) var alpha = KrippendorffAlpha()
    private var people: [String: Person] = [:]
    private var pairs: [[String]: CohenKappa<Double>] = [:]

    private struct Person {
        var labelCount = 0
        var sharedCount = 0
        /// Over the shared units: the share of the others that said the same.
        var agreed = 0.0
        var seconds: [Double] = []
    }

    mutating func add(_ labels: [StandingLabel]) {
        taskCount += 1
        labelCount += labels.count
        for label in labels {
            people[label.labeller, default: Person()].labelCount += 1
            if let seconds = label.seconds { people[label.labeller, default: Person()].seconds.append(seconds) }
        }
        let values = labels.map(\.values)
        for unit in 0..<(values.map(\.count).max() ?? 0) {
            add(
                zip(labels, values).compactMap { label, values in
                    guard unit < values.count, let value = values[unit] else { return nil }
                    return (label.labeller, value)
                })
        }
    }

    private mutating func add(_ unit: [(labeller: String, value: Double)]) {
        alpha.add(unit.map(\.value))
        guard unit.count > 1 else { return }
        for (labeller, value) in unit {
            let same = unit.count { $0.value == value } - 1
            people[labeller, default: Person()].sharedCount += 1
            people[labeller, default: Person()].agreed += Double(same) / Double(unit.count - 1)
        }
        if people.count == 2 {
            let sorted = unit.sorted { $0.labeller < $1.labeller }
            pairs[sorted.map(\.labeller), default: CohenKappa()].add(sorted[0].value, sorted[1].value)
        }
    }

    var kappa: Coefficient? {
        people.count == 2 ? pairs.values.first?.coefficient ?? CohenKappa<Double>().coefficient : nil
    }

    var labellers: [LabellerReport] {
        people.sorted { ($1.value.labelCount, $0.key) < ($0.value.labelCount, $1.key) }.map { name, person in
            LabellerReport(
                labeller: name, labelCount: person.labelCount,
                agreement: person.sharedCount > 0 ? person.agreed / Double(person.sharedCount) : nil,
                medianSeconds: Self.median(person.seconds))
        }
    }

    /// The log-odds of agreeing with others, at least 0, and 1 where it is unknown. Two units are added to each, one
    /// agreed and one not, so that few of them make nobody an oracle.
    var weights: LabellerWeights {
        LabellerWeights(
            people.mapValues { person in
                guard person.sharedCount > 0 else { return 1 }
                let agreement = (person.agreed + 1) / (Double(person.sharedCount) + 2)
                return max(0, log(agreement / (1 - agreement)))
            })
    }

    private static func median(_ values: [Double]) -> Double? {
        if values.isEmpty { return nil }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

extension StandingLabel {
    /// The judgement as numbers, one a unit; nil where the unit was not judged.
    fileprivate var values: [Double?] {
        switch judgement {
        case .preference:
            switch preferred {
            case .first: [1]
            case .second: [2]
            case .tie: [0]
            case .neither: [-1]
            case nil: []
            }
        case .steps(let ratings): ratings.map { $0.map(Double.init) }
        case .rating(let rating): [Double(rating)]
        case .correction: []
        }
    }
}
