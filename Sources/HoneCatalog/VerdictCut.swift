public import HonePostgres

/// The verified answers that a router learns from, fixed once: later ones do not belong to it.
public struct VerdictCut: Codable, Sendable, Equatable {
    /// Whose network answered.
    public let checkpoint: Int64
    /// Of the samples, as a text of PostgreSQL's type int8multirange.
    public let samples: String
    public let count: Int

    /// Takes what is on record now.
    /// - Throws: `CatalogError.noVerdicts`.
    public static func take(
        checkpoint: Int64, examples: DataCut, from session: any PostgresSession
    ) async throws -> VerdictCut {
        let row = try await session.query(
            PostgresQuery(
                """
                SELECT coalesce(range_agg(int8range(v.sample_id, v.sample_id + 1)), '{}')::text AS samples,
                    count(*) AS count
                FROM hone.route_verdicts(\(checkpoint), \(examples.dataset), \(examples.split),
                    \(examples.ids)::int8multirange) v
                """
            ).named("take a cut of verdicts"))[0]
        let cut = VerdictCut(
            checkpoint: checkpoint, samples: try row.decode("samples"), count: try row.decode("count"))
        guard cut.count > 0 else {
            throw CatalogError.noVerdicts(checkpoint: checkpoint, dataset: examples.dataset, split: examples.split)
        }
        return cut
    }

    /// The share of right answers of each path, example by example in the order of their ids.
    public func outcomes(
        of examples: DataCut, from session: any PostgresSession
    ) async throws -> [(example: Int64, path: String, right: Double)] {
        try await session.query(
            PostgresQuery(
                """
                SELECT v.example_id, v.path, avg(v.is_right::integer)::float8 AS share
                FROM hone.route_verdicts(\(checkpoint), \(examples.dataset), \(examples.split),
                    \(examples.ids)::int8multirange) v
                WHERE v.sample_id <@ \(samples)::int8multirange
                GROUP BY v.example_id, v.path ORDER BY v.example_id, v.path
                """
            ).named("read verdicts")
        ).map { (try $0.decode("example_id"), try $0.decode("path"), try $0.decode("share")) }
    }
}
