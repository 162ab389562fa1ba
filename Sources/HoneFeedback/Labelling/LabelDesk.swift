public import Foundation
public import HonePostgres

/// Where one labeller works: takes slots, judges, skips, changes its mind. All of it is SQL that any client may call.
public struct LabelDesk: Sendable {
    public static let defaultLease = Duration.seconds(15 * 60)

    public let labeller: String
    public let source: LabelSource
    private let session: any PostgresSession

    /// - Parameters:
    ///   - labeller: its name for good; a name belongs to one source.
    ///   - source: what it is.
    ///   - session: a connection, or a pool.
    public init(labeller: String, source: LabelSource = .person, session: any PostgresSession) {
        self.labeller = labeller
        self.source = source
        self.session = session
    }

    /// Leases a slot of a task that this labeller has no hand in yet.
    /// - Returns: nil if there is none now.
    public func next(_ kinds: [LabelKind]? = nil, lease: Duration = defaultLease) async throws -> LabelQuestion? {
        try await session.query(
            PostgresQuery(
                """
                SELECT * FROM hone.label_next(
                    \(labeller), \(kinds?.map(\.rawValue)), \(lease), source => \(source.rawValue))
                """
            ).named("take a label slot")
        ).first.map(LabelQuestion.init)
    }

    /// Records a judgement and completes the slot, or supersedes a label that ``undo(_:)`` opened.
    /// - Returns: The label; the same again for the same judgement under the same fence.
    /// - Throws: A server error with SQLSTATE `HN001` if the lease is not held any more, `HN003` if the judgement has
    ///   not the form of its kind.
    @discardableResult
    public func submit(_ judgement: PostgresJSON, for slot: LabelSlot) async throws(PostgresError) -> Int64 {
        try await session.query(
            PostgresQuery("SELECT hone.label_submit(\(slot.job), \(slot.fence), \(judgement)) AS label")
                .named("submit a label"))[0].decode("label")
    }

    @discardableResult
    public func submit(_ judgement: Judgement, for slot: LabelSlot) async throws -> Int64 {
        try await submit(PostgresJSON(encoding: judgement), for: slot)
    }

    /// Leaves the slot to others for good, with the reason on record.
    public func skip(_ slot: LabelSlot, reason: String) async throws(PostgresError) {
        try await session.query(
            PostgresQuery("SELECT hone.label_skip(\(slot.job), \(slot.fence), \(reason))").named("skip a label slot"))
    }

    /// Gives the slot back as if it had never been taken.
    /// - Returns: False if it was not held any more.
    @discardableResult
    public func release(_ slot: LabelSlot) async throws(PostgresError) -> Bool {
        try await session.query(
            PostgresQuery("SELECT hone.label_release(\(slot.job), \(slot.fence)) AS done")
                .named("give back a label slot"))[0].decode("done")
    }

    /// Extends the lease from now.
    /// - Returns: Its new end.
    @discardableResult
    public func renew(_ slot: LabelSlot, lease: Duration = defaultLease) async throws(PostgresError) -> Date {
        try await session.query(
            PostgresQuery("SELECT hone.label_renew(\(slot.job), \(slot.fence), \(lease)) AS until")
                .named("renew a label lease"))[0].decode("until")
    }

    /// Opens a label for another judgement; until that comes, the label stands.
    /// - Parameter label: nil for the last one.
    /// - Returns: The question again, under the fence that the other judgement must present.
    /// - Throws: A server error with SQLSTATE `HN004` if there is none, `HN005` if its time is over.
    public func undo(_ label: Int64? = nil) async throws -> LabelQuestion {
        try LabelQuestion(
            try await session.query(
                PostgresQuery("SELECT * FROM hone.label_undo(\(labeller), \(label))").named("undo a label"))[0])
    }

    public func progress(_ kinds: [LabelKind]? = nil) async throws(PostgresError) -> LabelProgress {
        let row = try await session.query(
            PostgresQuery(
                """
                SELECT * FROM hone.label_progress(
                    \(labeller), \(kinds?.map(\.rawValue)), source => \(source.rawValue))
                """
            ).named("read a labeller's progress"))[0]
        return LabelProgress(
            labelled: try row.decode("labelled"), skipped: try row.decode("skipped"), today: try row.decode("today"),
            openSlots: try row.decode("open_slots"))
    }
}

/// How far a labeller is.
public struct LabelProgress: Sendable, Hashable, Encodable {
    public let labelled: Int
    public let skipped: Int
    /// Of the labels: those since midnight, by the database's clock.
    public let today: Int
    /// Slots of the kinds that nobody holds, counted up to 10,001.
    public let openSlots: Int
}
