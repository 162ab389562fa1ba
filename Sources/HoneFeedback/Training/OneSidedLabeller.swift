import HonePostgres

/// A labeller who preferred the same shown side each time, whatever stood there. Sides are drawn slot by slot, so that
/// this says nothing about the answers.
struct OneSidedLabeller {
    /// So many preferences that are all for the same shown side are no accident.
    static let limit = 20

    let labeller: String
    let side: Judgement.Choice
    let labelCount: Int

    var reason: String { "all \(labelCount) choices are for the \(side) side as it was shown" }

    /// Of the labels that are selected; ties, and pairs of which both are bad, are no choice. Imported labels have no
    /// shown side.
    static func all(
        in selection: LabelSelection, from session: any PostgresSession
    ) async throws -> [OneSidedLabeller] {
        guard selection.kind == .preference else { return [] }
        return try await session.query(
            PostgresQuery(
                """
                SELECT j.labeller, min(j.judgement ->> 'choice') AS side, count(*) AS label_count
                FROM hone.all_judgements j
                WHERE j.kind = 'preference' AND j.source = \(selection.source.rawValue) AND j.sample_id IS NOT NULL
                  AND j.judgement ->> 'choice' IN ('left', 'right')
                  AND \(selection.origin)::text IS NULL
                  AND (\(selection.checkpoint) IS NULL OR EXISTS (
                      SELECT FROM hone.samples s
                      WHERE s.id IN (j.sample_id, j.other_id) AND s.checkpoint_id = \(selection.checkpoint)))
                GROUP BY j.labeller
                HAVING count(DISTINCT j.judgement ->> 'choice') = 1 AND count(*) >= \(limit)
                """
            ).named("one-sided labellers")
        ).map(OneSidedLabeller.init)
    }

    private init(_ row: PostgresRow) throws {
        labeller = try row.decode("labeller")
        side = try row.decode("side")
        labelCount = try row.decode("label_count")
    }
}

extension LabelSelection {
    /// Whose labels go into no freeze, and why.
    func untrusted(from session: any PostgresSession) async throws -> [String: String] {
        var reasons: [String: String] = [:]
        for labeller in try await OneSidedLabeller.all(in: self, from: session) {
            reasons[labeller.labeller] = labeller.reason
        }
        for record in try await GoldRecord.all(of: source, from: session) {
            if let reason = record.reason { reasons[record.labeller] = reason }
        }
        return reasons
    }
}
