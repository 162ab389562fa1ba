import Foundation

/// Labels counted task by task.
struct AgreementTally {
    let kind: LabelKind
    private(set) var labelCount = 0
    private var rated = RatedTasks()
    /// Of gold questions: what was said, and what is true.
    private var gold: [(unit: RatedTasks.Unit, known: Int)] = []
    private var people: [Person] = []
    private var places: [String: Int] = [:]

    private struct Person {
        let name: String
        var labelCount = 0
        var sharedCount = 0
        /// Over the shared units: the share of the others that said the same.
        var agreed = 0.0
        var seconds: [Double] = []
    }

    init(_ kind: LabelKind) {
        self.kind = kind
    }

    var taskCount: Int { rated.tasks.count }

    mutating func add(_ task: LabelledTask) {
        if let known = task.known { return addGold(task, known) }
        labelCount += task.labels.count
        for label in task.labels {
            let place = place(of: label.labeller)
            people[place].labelCount += 1
            if let seconds = label.seconds { people[place].seconds.append(seconds) }
        }
        let units = units(of: task)
        for unit in units where unit.count > 1 { count(unit) }
        rated.add(units)
    }

    private mutating func addGold(_ task: LabelledTask, _ known: Judgement) {
        let values = known.values(preferred: known.preferredOfTask)
        for (unit, value) in zip(units(of: task), values) {
            guard let value, !unit.isEmpty else { continue }
            gold.append((unit, value))
        }
    }

    /// Of whoever said several things of one task, as an origin of imported labels may, none counts: agreement is with
    /// others.
    private mutating func units(of task: LabelledTask) -> [RatedTasks.Unit] {
        let single = task.labels.filter { label in task.labels.count { $0.labeller == label.labeller } == 1 }
        let said = single.map { ($0.judgement.values(preferred: $0.preferred), place(of: $0.labeller)) }
        return (0..<(said.map(\.0.count).max() ?? 0)).map { unit in
            said.compactMap { values, labeller in
                guard unit < values.count, let value = values[unit] else { return nil }
                return RatedTasks.Rating(labeller: labeller, value: value)
            }
        }
    }

    private mutating func place(of labeller: String) -> Int {
        if let place = places[labeller] { return place }
        places[labeller] = people.count
        people.append(Person(name: labeller))
        return people.count - 1
    }

    private mutating func count(_ unit: RatedTasks.Unit) {
        for rating in unit {
            let same = unit.count { $0.value == rating.value } - 1
            people[rating.labeller].sharedCount += 1
            people[rating.labeller].agreed += Double(same) / Double(unit.count - 1)
        }
    }
}

// MARK: - What follows

extension AgreementTally {
    var sharedUnitCount: Int {
        zip(rated.distinct, rated.counts).reduce(0) { $0 + $1.1 * $1.0.count { $0.count > 1 } }
    }

    var estimates: AgreementEstimates {
        AgreementEstimates(
            rated, level: kind == .preference ? .nominal : .ordinal,
            labellerCount: people.count { $0.labelCount > 0 })
    }

    var labellers: [LabellerReport] {
        let reliability = reliability
        return people.enumerated().filter { $1.labelCount > 0 }.map { place, person in
            LabellerReport(
                labeller: person.name, labelCount: person.labelCount,
                agreement: person.sharedCount > 0 ? person.agreed / Double(person.sharedCount) : nil,
                reliability: isKnown(place) ? reliability?.reliability(of: place) : nil,
                medianSeconds: Self.median(person.seconds))
        }.sorted { ($1.labelCount, $0.labeller) < ($0.labelCount, $1.labeller) }
    }

    /// Whether anything but the labeller's own word says how good it is.
    private func isKnown(_ place: Int) -> Bool {
        people[place].sharedCount > 0 || gold.contains { $0.unit.contains { $0.labeller == place } }
    }

    /// Nil where no unit has two labels and none is of gold.
    private var reliability: DawidSkene? {
        var units: [DawidSkene.Unit] = []
        for (task, count) in zip(rated.distinct, rated.counts) {
            units += task.filter { $0.count > 1 }.map { DawidSkene.Unit(votes($0), count: count) }
        }
        units += gold.map { DawidSkene.Unit(votes($0.unit), known: kind.categories.firstIndex(of: $0.known)) }
        guard !units.isEmpty, kind.categories.count > 1 else { return nil }
        return DawidSkene(units, labellerCount: people.count, categoryCount: kind.categories.count)
    }

    private func votes(_ unit: RatedTasks.Unit) -> [DawidSkene.Vote] {
        unit.compactMap { rating in
            kind.categories.firstIndex(of: rating.value).map { .init(labeller: rating.labeller, category: $0) }
        }
    }

    /// What votes weigh; 1 where nothing is known of a labeller.
    func weights(_ weighting: LabellerWeighting) -> LabellerWeights {
        let model = weighting == .reliability ? reliability : nil
        let sides = kind.sides.compactMap(kind.categories.firstIndex)
        return LabellerWeights(
            Dictionary(
                uniqueKeysWithValues: people.enumerated().map { place, person in
                    switch weighting {
                    case .equal: (person.name, 1)
                    case .agreement: (person.name, Self.agreementWeight(person))
                    case .reliability:
                        if let model, isKnown(place) {
                            (person.name, max(0, model.weight(of: place, between: sides[0], and: sides[1])))
                        } else {
                            (person.name, 1)
                        }
                    }
                }))
    }

    /// The log-odds of agreeing with others, at least 0. Two units are added to each labeller's, one agreed and one
    /// not, so that few of them make nobody an oracle.
    private static func agreementWeight(_ person: Person) -> Double {
        guard person.sharedCount > 0 else { return 1 }
        let agreement = (person.agreed + 1) / (Double(person.sharedCount) + 2)
        return max(0, log(agreement / (1 - agreement)))
    }

    private static func median(_ values: [Double]) -> Double? {
        if values.isEmpty { return nil }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

// MARK: - Judgements as numbers

extension LabelKind {
    /// What a unit may be judged to be.
    fileprivate var categories: [Int] {
        switch self {
        case .preference: [1, 2, 0, -1]
        case .steps: [1, -1, 0]
        case .rating: [1, 2, 3, 4, 5]
        case .correction: []
        }
    }

    /// The two categories between which a vote decides.
    fileprivate var sides: [Int] { Array(categories.prefix(2)) }
}

extension Judgement {
    /// One number a unit; nil where the unit was not judged.
    fileprivate func values(preferred: StandingLabel.Preferred?) -> [Int?] {
        switch self {
        case .preference:
            switch preferred {
            case .first: [1]
            case .second: [2]
            case .tie: [0]
            case .neither: [-1]
            case nil: []
            }
        case .steps(let ratings): ratings
        case .rating(let rating): [rating]
        case .correction: []
        }
    }

    /// Of a preference that names the sides as they are in the task.
    fileprivate var preferredOfTask: StandingLabel.Preferred? {
        guard case .preference(let choice, _) = self else { return nil }
        return switch choice {
        case .left: .first
        case .right: .second
        case .tie: .tie
        case .neither: .neither
        }
    }
}
