import HoneCatalog
import HonePostgres
import HoneTesting
import Testing

/// What must not be served, and what is served to a share of the jobs only.
@Suite(.temporaryDatabase) struct QuarantineTests {
    /// Every path that could make a checkpoint answer anything.
    private static let paths = [
        "SELECT hone.promote('m', 2)", "SELECT hone.canary('m', 2, 10)",
        """
        INSERT INTO hone.promotions (model_id, checkpoint_id, previous_id, decision_id, kind, actor)
        SELECT 1, 2, 1, max(id), 'promote', 'me' FROM hone.gate_decisions WHERE candidate_id = 2 AND passed
        """,
        """
        INSERT INTO hone.canaries (model_id, checkpoint_id, beside_id, decision_id, percent, actor)
        SELECT 1, 2, 1, max(id), 10, 'me' FROM hone.gate_decisions WHERE candidate_id = 2 AND passed
        """,
    ]

    @Test func aQuarantinedCheckpointIsPromotedByNoPathUntilItIsReleased() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await Line.serve("m", 1, in: pool) + [try await Line.record("m", in: pool)]
        try #require(ids == [1, 2])
        try await Line.block("m", 2, against: 1, in: pool)
        // Even a gate that passes it afterwards does not open the way.
        try await Line.decide("m", 2, against: 1, passed: true, in: pool)
        for path in Self.paths {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.execute(PostgresQuery(unsafeSQL: path))
            }
            #expect(error?.sqlState == "HN007", "\(path)")
            #expect("\(error as (any Error)?)".contains("quarantined: lost 3 points"), "\(path)")
        }
        try await Quarantines.release(2, of: "m", reason: "the suite was wrong", in: pool)
        try await Promotions.promote(2, of: "m", in: pool)
        let row = try await pool.query("SELECT reason, release_reason, released_by FROM hone.quarantines")[0]
        let (reason, release, by) = try row.decode(String.self, String.self, String.self)
        #expect((reason, release) == ("lost 3 points", "the suite was wrong") && !by.isEmpty)
    }

    @Test func aReleaseAloneIsNoGate() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await Line.serve("m", 1, in: pool)[0]
        let second = try await Line.record("m", in: pool)
        // An earlier gate passed it, the newest did not.
        try await Line.decide("m", second, against: first, passed: true, in: pool)
        try await Line.block("m", second, against: first, in: pool)
        try await Quarantines.release(second, of: "m", reason: "an operator takes it on", in: pool)
        let error = await #expect(throws: PostgresError.self) {
            try await Promotions.promote(second, of: "m", in: pool)
        }
        #expect("\(error as (any Error)?)".contains("has passed no gate"))
    }

    @Test(arguments: ["SELECT hone.promote('m', $1)", "SELECT hone.canary('m', $1, 10)"])
    func aCheckpointThatTheModelDoesNotHaveIsSaidToBeNone(_ statement: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        _ = try await Line.serve("m", 1, in: pool)
        let others = try await Line.record("other", in: pool)
        for checkpoint in [others, 999] {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.execute(
                    PostgresQuery(unsafeSQL: statement.replacing("$1", with: "\(checkpoint)")))
            }
            #expect(error?.sqlState == "HN003")
            #expect("\(error as (any Error)?)".contains("model m has no checkpoint \(checkpoint)"))
        }
    }

    @Test func aReleaseNeedsAReasonAndSomethingToRelease() async throws {
        let pool = try TemporaryDatabase.current.pool
        let id = try await Line.record("m", in: pool)
        let none = await #expect(throws: PostgresError.self) {
            try await Quarantines.release(id, of: "m", reason: "why not", in: pool)
        }
        #expect(none?.sqlState == "HN005")
        try await Quarantines.add(id, of: "m", reason: "an operator's word", in: pool)
        let empty = await #expect(throws: PostgresError.self) {
            try await Quarantines.release(id, of: "m", reason: " ", in: pool)
        }
        #expect(empty?.sqlState == "HN003")
        let foreign = await #expect(throws: PostgresError.self) {
            try await Quarantines.release(id + 1, of: "m", reason: "why not", in: pool)
        }
        #expect(foreign?.sqlState == "HN003")
    }

    @Test func whatAQuarantineSaysIsNotRewrittenNorWithdrawn() async throws {
        let pool = try TemporaryDatabase.current.pool
        let id = try await Line.record("m", in: pool)
        try await Quarantines.add(id, of: "m", reason: "an operator's word", in: pool)
        try await Quarantines.release(id, of: "m", reason: "looked at", in: pool)
        for statement: PostgresQuery in [
            "UPDATE hone.quarantines SET reason = 'another'", "DELETE FROM hone.quarantines",
            "UPDATE hone.quarantines SET released_at = NULL, released_by = NULL, release_reason = NULL",
        ] {
            let error = await #expect(throws: PostgresError.self) { try await pool.execute(statement) }
            #expect(error?.sqlState == "HN007")
        }
    }

    @Test func aGateHoldsUpNoRollbackButAnOperatorDoes() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await Line.serve("m", 2, in: pool)
        try await Line.block("m", ids[0], against: ids[1], in: pool)
        #expect(try await Promotions.rollBack("m", in: pool) == ids[0])

        let others = try await Line.serve("other", 2, in: pool)
        try await Quarantines.add(others[0], of: "other", reason: "leaks a name", in: pool)
        let error = await #expect(throws: PostgresError.self) { try await Promotions.rollBack("other", in: pool) }
        #expect("\(error as (any Error)?)".contains("quarantined: leaks a name"))
    }

    @Test func aPromotionBesideAQuarantineComesBeforeItOrNotAtAll() async throws {
        let pool = try TemporaryDatabase.current.pool
        for round in 1...20 {
            let model = "m\(round)"
            let id = try await Line.record(model, in: pool)
            try await Line.decide(model, id, against: nil, passed: true, in: pool)
            async let quarantined: Void = Quarantines.add(id, of: model, reason: "a test", in: pool)
            do {
                try await Promotions.promote(id, of: model, in: pool)
            } catch let error as PostgresError {
                #expect(error.sqlState == "HN007")
            }
            try await quarantined
            let late: Int = try await pool.query(
                """
                SELECT count(*) FROM hone.promotions p JOIN hone.quarantines q USING (checkpoint_id)
                WHERE p.at > q.at AND p.checkpoint_id = \(id)
                """)[0].decode(Int.self)
            #expect(late == 0)
        }
    }

    @Test func aDecisionOfAnUnknownModelOrAnothersCheckpointIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        let id = try await Line.record("m", in: pool)
        _ = try await Line.record("other", in: pool)
        await #expect(throws: CatalogError.unknownModel("none")) {
            try await Line.decide("none", id, against: nil, passed: true, in: pool)
        }
        await #expect(throws: PostgresError.self) {
            try await Line.decide("other", id, against: nil, passed: true, in: pool)
        }
    }
}

@Suite(.temporaryDatabase) struct CanaryTests {
    @Test func aCanaryStandsBesideTheActiveCheckpointUntilItIsPromoted() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await Line.serve("m", 1, in: pool)[0]
        let second = try await Line.record("m", in: pool)
        await #expect(throws: PostgresError.self) {
            try await Promotions.startCanary(second, of: "m", percent: 10, in: pool)
        }
        try await Line.decide("m", second, against: first, passed: true, in: pool)
        try await Promotions.startCanary(second, of: "m", percent: 10, in: pool)
        try await Promotions.startCanary(second, of: "m", percent: 25, in: pool)
        let served = try #require(try await Checkpoints.active("m", in: pool).first)
        #expect((served.checkpoint, served.canary?.checkpoint, served.canary?.percent) == (first, second, 25))
        try await Promotions.promote(second, of: "m", in: pool)
        let after = try #require(try await Checkpoints.active("m", in: pool).first)
        #expect((after.checkpoint, after.canary) == (second, nil))
        #expect(try await Line.endings(in: pool) == ["canary", "promote"])
    }

    @Test func aRollbackEndsTheCanaryAndLeavesTheActiveCheckpoint() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await Line.serve("m", 2, in: pool)
        let third = try await Line.record("m", in: pool)
        try await Line.decide("m", third, against: ids[1], passed: true, in: pool)
        try await Promotions.startCanary(third, of: "m", percent: 10, in: pool)
        #expect(try await Promotions.rollBack("m", in: pool) == ids[1])
        #expect(try await Checkpoints.active("m", in: pool).first?.canary == nil)
        #expect(try await Promotions.rollBack("m", in: pool) == ids[0])
        #expect(try await Line.endings(in: pool) == ["rollback"])
    }

    @Test func aQuarantineEndsTheCanary() async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await Line.serve("m", 1, in: pool)[0]
        let second = try await Line.record("m", in: pool)
        try await Line.decide("m", second, against: first, passed: true, in: pool)
        try await Promotions.startCanary(second, of: "m", percent: 10, in: pool)
        try await Quarantines.add(second, of: "m", reason: "bad answers", in: pool)
        #expect(try await Checkpoints.active("m", in: pool).first?.canary == nil)
        #expect(try await Line.endings(in: pool) == ["quarantine"])
    }

    @Test(arguments: [0, 100, -1]) func aShareThatIsNoneIsRefused(percent: Int) async throws {
        let pool = try TemporaryDatabase.current.pool
        let first = try await Line.serve("m", 1, in: pool)[0]
        let second = try await Line.record("m", in: pool)
        try await Line.decide("m", second, against: first, passed: true, in: pool)
        let error = await #expect(throws: PostgresError.self) {
            try await Promotions.startCanary(second, of: "m", percent: percent, in: pool)
        }
        #expect(error?.sqlState == "HN003")
    }
}

/// Steps of the tests: a line of checkpoints without files.
enum Line {
    static func record(_ model: String, parent: Int64? = nil, in pool: PostgresPool) async throws -> Int64 {
        var new = NewCheckpoint(model: model, step: 1, config: PostgresJSON(text: "{}"), files: [])
        new.parent = parent
        return try await pool.withTransaction { [new] in try await Checkpoints.record(new, in: $0) }
    }

    @discardableResult
    static func decide(
        _ model: String, _ candidate: Int64, against active: Int64?, passed: Bool, in pool: PostgresPool
    ) async throws -> Int64 {
        try await Promotions.record(
            GateDecision(
                model: model, candidate: candidate, active: active, passed: passed, evidence: PostgresJSON(text: "{}"),
                reason: "lost 3 points"), in: pool)
    }

    /// As a gate does that does not open.
    static func block(_ model: String, _ candidate: Int64, against active: Int64?, in pool: PostgresPool) async throws {
        let decision = try await decide(model, candidate, against: active, passed: false, in: pool)
        try await Quarantines.add(candidate, of: model, reason: "lost 3 points", decision: decision, in: pool)
    }

    /// So many checkpoints, each the child of the one before and promoted after it.
    static func serve(_ model: String, _ count: Int, in pool: PostgresPool) async throws -> [Int64] {
        var ids: [Int64] = []
        for _ in 1...count {
            let id = try await record(model, parent: ids.last, in: pool)
            try await decide(model, id, against: ids.last, passed: true, in: pool)
            try await Promotions.promote(id, of: model, in: pool)
            ids.append(id)
        }
        return ids
    }

    /// How the canaries ended, oldest first.
    static func endings(in pool: PostgresPool) async throws -> [String] {
        try await pool.query("SELECT ended_by FROM hone.canaries ORDER BY id").map { try $0.decode(String.self) }
    }
}
