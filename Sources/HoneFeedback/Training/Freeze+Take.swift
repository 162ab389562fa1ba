import HoneCatalog
public import HonePostgres

/// What taking a freeze found.
public struct FreezeReport: Sendable, Encodable {
    public let freeze: Freeze
    /// Labels that were read; 0 for examples.
    public let labelCount: Int
    /// Tasks left out because their votes cancel each other.
    public let contradictionCount: Int
    /// Tasks left out because they decide nothing: both answers bad, no step rated.
    public let undecidedCount: Int
    /// Labellers left out because of their answers to gold questions, or of the sides that they chose.
    public var leftOut: [LeftOutLabeller] = []
}

/// Whose labels did not go into a freeze, and why; on record in the freeze's selection.
public struct LeftOutLabeller: Sendable, Hashable, Encodable {
    public let labeller: String
    public let labelCount: Int
    public let reason: String

    enum CodingKeys: String, CodingKey {
        case labeller, reason
        case labelCount = "labels"
    }
}

extension LeftOutLabeller: CustomStringConvertible {
    public var description: String { "\(labelCount) labels of \(labeller) are left out: \(reason)" }
}

extension Freeze {
    /// Freezes the pairs that the labels decide now.
    /// - Throws: `FeedbackError` if there are no labels, if nothing follows from them, or if they are one-sided.
    public static func take(
        _ name: String, preferences selection: LabelSelection, weighting: LabellerWeighting = .equal,
        using pool: PostgresPool
    ) async throws -> FreezeReport {
        try await take(name, .preferences, selection, weighting, using: pool) { task, weights, counts in
            switch PreferenceVote(task: task, weights: weights).outcome {
            case .pair(let pair): return try PostgresJSON(encoding: pair)
            case .contradicted: counts.contradictionCount += 1
            case .undecided: counts.undecidedCount += 1
            }
            return nil
        }
    }

    /// Freezes the solutions with rated steps that the labels give now.
    /// - Throws: `FeedbackError` if there are no labels.
    public static func take(
        _ name: String, steps selection: LabelSelection, weighting: LabellerWeighting = .equal,
        using pool: PostgresPool
    ) async throws -> FreezeReport {
        try await take(name, .steps, selection, weighting, using: pool) { task, weights, counts in
            if let row = StepLabels(task, weights: weights) { return try PostgresJSON(encoding: row) }
            counts.undecidedCount += 1
            return nil
        }
    }

    /// Freezes a data cut of what a dataset holds now.
    public static func take(
        _ name: String, dataset: String, split: String, using pool: PostgresPool
    ) async throws -> FreezeReport {
        try requireName(name)
        return try await pool.withTransaction(.repeatableRead) { transaction in
            let cut = try await DataCut.take(dataset: dataset, split: split, from: transaction)
            let selection = try PostgresJSON(encoding: cut)
            let row = try await inserting(name) { () async throws(PostgresError) in
                try await transaction.query(
                    PostgresQuery(
                        """
                        INSERT INTO hone.freezes (name, form, row_count, sha256, selection)
                        VALUES (\(name), 'examples', \(cut.count), decode(\(cut.sha256), 'hex'),
                            \(selection))
                        RETURNING id, name, form, row_count, encode(sha256, 'hex') AS sha256, selection
                        """
                    ).named("freeze examples"))[0]
            }
            return FreezeReport(freeze: try Freeze(row), labelCount: 0, contradictionCount: 0, undecidedCount: 0)
        }
    }
}

// MARK: - Rows made of labels

/// What is counted while rows are made.
struct FreezeCounts {
    var labelCount = 0
    var contradictionCount = 0
    var undecidedCount = 0
    /// Preferences for one of the sides, by the side as it was shown; imported pairs have none.
    var shownSides: [Judgement.Choice: Int] = [:]
    /// Labels by who gave them.
    var labellers: [String: Int] = [:]
    /// Those of labellers who are not trusted, which count nowhere else.
    var leftOut: [String: Int] = [:]

    /// What is left of a task without the labels of whom is not trusted.
    mutating func trusted(_ task: LabelledTask, without untrusted: Set<String>) -> LabelledTask {
        for label in task.labels where untrusted.contains(label.labeller) { leftOut[label.labeller, default: 0] += 1 }
        return task.keeping { !untrusted.contains($0.labeller) }
    }

    mutating func count(_ task: LabelledTask) {
        labelCount += task.labels.count
        for label in task.labels {
            labellers[label.labeller, default: 0] += 1
            if task.sample != nil, case .preference(let choice, _) = label.judgement, choice.isSide {
                shownSides[choice, default: 0] += 1
            }
        }
    }
}

private struct FreezeSelection: Encodable {
    let kind: LabelKind
    let source: LabelSource
    let origin: String?
    let checkpoint: Int64?
    let weighting: LabellerWeighting
    let labellers: [String: Int]
    let labelCount: Int
    let contradictionCount: Int
    let undecidedCount: Int
    let leftOut: [LeftOutLabeller]

    enum CodingKeys: String, CodingKey {
        case kind, source, origin, checkpoint, weighting, labellers
        case leftOut = "left_out"
        case labelCount = "labels"
        case contradictionCount = "contradictions"
        case undecidedCount = "undecided"
    }
}

extension Freeze {
    private typealias MakeRow = (LabelledTask, LabellerWeights, inout FreezeCounts) throws -> PostgresJSON?

    /// One snapshot for all pages, so that the rows are those of one moment.
    private static func take(
        _ name: String, _ form: Form, _ selection: LabelSelection, _ weighting: LabellerWeighting,
        using pool: PostgresPool, _ makeRow: MakeRow
    ) async throws -> FreezeReport {
        try requireName(name)
        return try await pool.withTransaction(.repeatableRead) { transaction in
            let untrusted = try await selection.untrusted(from: transaction)
            let names = Set(untrusted.keys)
            let weights = try await weights(weighting, of: selection, in: transaction)
            var writer = try await FreezeWriter(transaction)
            var counts = FreezeCounts()
            try await selection.forEachPage(.asked, withContent: true, from: transaction) { page in
                for task in page {
                    let task = counts.trusted(task, without: names)
                    counts.count(task)
                    guard !task.labels.isEmpty, let row = try makeRow(task, weights, &counts) else { continue }
                    try await writer.add(row)
                }
            }
            let leftOut = counts.leftOut.sorted { $0.key < $1.key }.map { labeller, count in
                LeftOutLabeller(labeller: labeller, labelCount: count, reason: untrusted[labeller] ?? "")
            }
            try check(selection, counts, leftOut, rowCount: writer.rowCount)
            let record = FreezeSelection(
                kind: selection.kind, source: selection.source, origin: selection.origin,
                checkpoint: selection.checkpoint, weighting: weighting, labellers: counts.labellers,
                labelCount: counts.labelCount, contradictionCount: counts.contradictionCount,
                undecidedCount: counts.undecidedCount, leftOut: leftOut)
            return FreezeReport(
                freeze: try await writer.seal(name, form, PostgresJSON(encoding: record)),
                labelCount: counts.labelCount, contradictionCount: counts.contradictionCount,
                undecidedCount: counts.undecidedCount, leftOut: leftOut)
        }
    }

    private static func weights(
        _ weighting: LabellerWeighting, of selection: LabelSelection, in transaction: PostgresConnection
    ) async throws -> LabellerWeights {
        if weighting == .equal { return .equal }
        return try await AgreementTally(selection, from: transaction).weights(weighting)
    }

    private static func check(
        _ selection: LabelSelection, _ counts: FreezeCounts, _ leftOut: [LeftOutLabeller], rowCount: Int
    ) throws {
        guard counts.labelCount > 0 else {
            if !leftOut.isEmpty { throw FeedbackError.nobodyTrusted(kind: selection.kind, leftOut) }
            throw FeedbackError.noLabels(kind: selection.kind, source: selection.source)
        }
        if let only = counts.shownSides.first, counts.shownSides.count == 1, only.value >= OneSidedLabeller.limit {
            throw FeedbackError.oneSided(side: only.key.rawValue, labelCount: only.value)
        }
        guard rowCount > 0 else {
            throw FeedbackError.nothingDecided(
                kind: selection.kind, labelCount: counts.labelCount, contradictionCount: counts.contradictionCount)
        }
    }

    private static func requireName(_ name: String) throws(FeedbackError) {
        if !CatalogName.isValid(name) { throw .badFreezeName(name) }
    }

    fileprivate static func inserting(
        _ name: String, _ body: () async throws(PostgresError) -> PostgresRow
    ) async throws -> PostgresRow {
        do {
            return try await body()
        } catch  where error.sqlState == .uniqueViolation {
            throw FeedbackError.freezeExists(name)
        }
    }
}

/// Writes the rows of a freeze, some hundred a statement.
private struct FreezeWriter {
    private static let batchCount = 500

    private(set) var rowCount = 0
    private let id: Int64
    private let transaction: PostgresConnection
    private var batch: [PostgresJSON] = []

    init(_ transaction: PostgresConnection) async throws {
        self.transaction = transaction
        id = try await transaction.query("SELECT nextval('hone.freeze_ids') AS id")[0].decode("id")
    }

    mutating func add(_ row: PostgresJSON) async throws {
        batch.append(row)
        rowCount += 1
        if batch.count == Self.batchCount { try await flush() }
    }

    mutating func seal(_ name: String, _ form: Freeze.Form, _ selection: PostgresJSON) async throws -> Freeze {
        try await flush()
        let query = PostgresQuery(
            """
            SELECT id, name, form, row_count, encode(sha256, 'hex') AS sha256, selection
            FROM hone.seal_freeze(\(id), \(name), \(form.rawValue), \(selection))
            """
        ).named("seal a freeze")
        return try Freeze(
            try await Freeze.inserting(name) { () async throws(PostgresError) in try await transaction.query(query)[0] }
        )
    }

    private mutating func flush() async throws {
        guard !batch.isEmpty else { return }
        try await transaction.execute(
            PostgresQuery(
                """
                INSERT INTO hone.freeze_rows (freeze_id, ordinal, content)
                SELECT \(id), \(rowCount - batch.count) + r.place, r.content
                FROM unnest(\(batch)) WITH ORDINALITY AS r(content, place)
                """
            ).named("freeze rows"))
        batch.removeAll(keepingCapacity: true)
    }
}
