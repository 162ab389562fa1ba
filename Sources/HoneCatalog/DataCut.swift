public import HonePostgres

/// The examples that a job reads, fixed once: what arrives later, even with a smaller id, does not belong to it.
public struct DataCut: Codable, Sendable, Equatable {
    public let dataset: String
    public let split: String
    /// The ids that the dataset had, of all splits, as a text of PostgreSQL's type int8multirange.
    public let ids: String
    /// Examples of the split among them.
    public let count: Int
    /// SHA-256 over their content hashes in the order of their ids.
    public let sha256: String

    /// Takes the cut of what is committed now.
    /// - Throws: `CatalogError` if there is no such dataset, or nothing in the split.
    public static func take(
        dataset: String, split: String, from session: any PostgresSession
    ) async throws -> DataCut {
        guard try await !session.query("SELECT FROM hone.datasets WHERE name = \(dataset)").isEmpty else {
            throw CatalogError.unknownDataset(dataset)
        }
        let rows = try await session.query(
            PostgresQuery(
                """
                SELECT coalesce(range_agg(int8range(e.id, e.id + 1)), '{}')::text AS ids,
                    count(*) FILTER (WHERE e.split = \(split)) AS count,
                    encode(sha256(coalesce(
                        string_agg(e.content_hash, ''::bytea ORDER BY e.id) FILTER (WHERE e.split = \(split)), ''
                    )), 'hex') AS sha256
                FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id
                WHERE d.name = \(dataset)
                """
            ).named("take a data cut"))
        let cut = DataCut(
            dataset: dataset, split: split, ids: try rows[0].decode("ids"), count: try rows[0].decode("count"),
            sha256: try rows[0].decode("sha256"))
        guard cut.count > 0 else { throw CatalogError.noExamples(dataset: dataset, split: split) }
        return cut
    }
}

extension DataCut {
    /// Takes, for a run of a pipeline, all that arrived since the pipeline's last successful run.
    /// - Throws: `PostgresError.server` if there is nothing, or another run is still at work on what arrived.
    public static func takeArrivals(
        dataset: String, split: String, run: Int64, in transaction: PostgresConnection
    ) async throws -> DataCut {
        try await transaction.query(
            PostgresQuery("SELECT hone.take_arrivals(\(run), \(dataset), \(split)) AS cut").named("take arrivals")
        )[0].decode("cut", as: PostgresJSON.self).decode()
    }
}

extension DataCut {
    /// What a checkpoint and its ancestors were trained on, the oldest first; nothing for imported ones, nor for those
    /// that learnt from labels or from verdicts.
    public static func behind(_ checkpoint: Int64, in session: some PostgresSession) async throws -> [DataCut] {
        try await session.query(
            PostgresQuery(
                """
                SELECT c.dataset_cut FROM hone.ancestors(\(checkpoint)) a
                JOIN hone.checkpoints c ON c.id = a.checkpoint_id
                WHERE c.dataset_cut IS NOT NULL AND c.freeze_id IS NULL
                    AND NOT c.dataset_cut ? 'verdicts'
                ORDER BY a.generation DESC
                """
            ).named("find the data cuts behind a checkpoint")
        ).map { try $0.decode("dataset_cut", as: PostgresJSON.self).decode() }
    }
}
