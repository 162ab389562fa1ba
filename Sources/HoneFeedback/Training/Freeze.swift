import Foundation
public import HoneCatalog
public import HonePostgres

/// A named cut of training data that never changes: what a training job reads, and names in its checkpoint.
public struct Freeze: Sendable, Encodable {
    public enum Form: String, Codable, Sendable, PostgresDecodable {
        /// Examples of a dataset, by a data cut.
        case examples
        case preferences
        case steps
    }

    public let name: String
    public let form: Form
    public let rowCount: Int
    /// Over exactly the rows.
    public let sha256: String
    let id: Int64
    let selection: PostgresJSON

    enum CodingKeys: CodingKey {
        case name, form, rowCount, sha256
    }

    init(_ row: PostgresRow) throws {
        name = try row.decode("name")
        form = try row.decode("form")
        rowCount = try row.decode("row_count")
        sha256 = try row.decode("sha256")
        id = try row.decode("id")
        selection = try row.decode("selection")
    }

    /// - Throws: `FeedbackError.unknownFreeze`.
    public static func find(_ name: String, in session: any PostgresSession) async throws -> Freeze {
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT id, name, form, row_count, encode(sha256, 'hex') AS sha256, selection FROM hone.freezes
                WHERE name = \(name)
                """
            ).named("find a freeze"))
        guard let row = rows.first else { throw FeedbackError.unknownFreeze(name) }
        return try Freeze(row)
    }

    /// As a checkpoint names it.
    public var reference: FreezeReference {
        FreezeReference(id: id, name: name, form: form.rawValue, count: rowCount, sha256: sha256)
    }

    /// The pairs in their order, after their hash was compared with the recorded one.
    /// - Throws: `FeedbackError.wrongForm`, `FeedbackError.freezeDamaged`.
    public func preferencePairs(from session: any PostgresSession) async throws -> [PreferencePair] {
        try await rows(.preferences, from: session)
    }

    /// The labelled solutions in their order; as ``preferencePairs(from:)``.
    public func stepLabels(from session: any PostgresSession) async throws -> [StepLabels] {
        try await rows(.steps, from: session)
    }

    /// Throws unless it is what a job took it for when it began.
    public func requireUnchanged(_ begun: FreezeReference) throws(FeedbackError) {
        guard reference == begun else {
            throw .freezeChanged(name, was: begun.sha256, is: sha256)
        }
    }

    /// The data cut of a freeze of examples.
    /// - Throws: `FeedbackError.wrongForm`.
    public func dataCut() throws -> DataCut {
        try require(.examples)
        return try selection.decode(DataCut.self)
    }

    private func require(_ wanted: Form) throws(FeedbackError) {
        guard form == wanted else {
            throw .wrongForm(freeze: name, form: form.rawValue, wanted: wanted.rawValue)
        }
    }

    private static let pageCount = 2000

    private func rows<Row: Decodable>(_ wanted: Form, from session: any PostgresSession) async throws -> [Row] {
        try require(wanted)
        let digest = try await session.query(
            PostgresQuery("SELECT encode(hone.freeze_digest(\(id)), 'hex') AS sha256").named("check a freeze"))[0]
        guard try digest.decode("sha256") == sha256 else { throw FeedbackError.freezeDamaged(name) }
        var rows: [Row] = []
        rows.reserveCapacity(rowCount)
        while rows.count < rowCount {
            let page = try await session.query(
                PostgresQuery(
                    """
                    SELECT content FROM hone.freeze_rows WHERE freeze_id = \(id) AND ordinal > \(rows.count)
                    ORDER BY ordinal LIMIT \(Self.pageCount)
                    """
                ).named("read a freeze"))
            if page.isEmpty { throw FeedbackError.freezeDamaged(name) }
            rows += try page.map { try $0.decode("content", as: PostgresJSON.self).decode(Row.self) }
        }
        return rows
    }
}
