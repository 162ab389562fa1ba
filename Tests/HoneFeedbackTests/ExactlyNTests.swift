import HonePostgres
import HoneTesting
import SeededRandom
import Testing

@testable import HoneFeedback

/// Many labellers at once, who crash, come late, press twice and hold the wrong fence.
@Suite(.temporaryDatabase) struct ExactlyNTests {
    /// What one labeller does, drawn by a seed.
    private struct Misfit {
        let desk: LabelDesk
        let pool: PostgresPool
        var random: SplitMix

        private static let doubleLeases: PostgresQuery = """
            SELECT count(*) FROM (
                SELECT FROM hone.task_leases h JOIN hone.label_slots s ON s.job_id = h.job_id
                GROUP BY h.worker_id, s.task_id HAVING count(*) > 1) d
            """

        /// - Returns: Whether there was something to label.
        mutating func act() async throws -> Bool {
            guard let question = try await desk.next() else { return false }
            let slot = question.slot
            switch random.next() % 10 {
            case 0: break  // crashes: the lease is never answered
            case 1: try await release(slot)
            case 2: try await tolerating { try await desk.skip(slot, reason: "not mine") }
            case 3:
                // Presses twice, at once.
                async let one = submit(slot)
                async let two = submit(slot)
                let labels = try await [one, two].compactMap(\.self)
                #expect(Set(labels).count <= 1)
            case 4:
                await expectRefusal("HN001") {
                    try await desk.submit(.preference(.left, strength: nil), for: .init(job: slot.job, fence: 1 << 60))
                }
                try await submit(slot)
            case 5:
                guard let label = try await submit(slot) else { break }
                try await tolerating {
                    try await desk.submit(.preference(.tie, strength: nil), for: desk.undo(label).slot)
                }
            case 6:
                // Asks twice, at once: two terminals of one person.
                async let one = desk.next()
                async let two = desk.next()
                let questions = try await [one, two].compactMap(\.self)
                #expect(try await pool.value(Self.doubleLeases) == 0)
                for question in questions + [question] { try await submit(question.slot) }
            default: try await submit(slot)
            }
            return true
        }

        @discardableResult
        private func submit(_ slot: LabelSlot) async throws -> Int64? {
            var label: Int64?
            try await tolerating { label = try await desk.submit(.preference(.right, strength: nil), for: slot) }
            return label
        }

        private func release(_ slot: LabelSlot) async throws {
            try await desk.release(slot)
        }

        /// A lease that ran out meanwhile is part of the game.
        private func tolerating(_ body: () async throws -> Void) async throws {
            do {
                try await body()
            } catch let error as PostgresError where ["HN001", "HN005"].contains(error.sqlState?.rawValue) {
                return
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5]) func everyTaskGetsExactlyNLabelsByNDifferentLabellers(_ wanted: Int) async throws {
        let labellerCount = 14
        try await withTemporaryDatabase(poolSize: 12) { database in
            let pool = database.pool
            try await LabelFixture.samples(20, in: pool)
            let made = try await LabelFixture.create(
                LabelRequest(.preference, dataset: "sums"), wanted: wanted, in: pool)
            // Three rounds: between them every lease runs out, under those who still act too.
            for round in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<labellerCount {
                        group.addTask {
                            var misfit = Misfit(
                                desk: LabelDesk(labeller: "labeller \(number)", session: pool), pool: pool,
                                random: SplitMix(seed: UInt64(wanted * 1000 + round * 100 + number)))
                            var actions = 0
                            while try await misfit.act() {
                                actions += 1
                                if actions % 7 == number % 7 { try await LabelFixture.expireLeases(in: pool) }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await LabelFixture.expireLeases(in: pool)
            }
            try await finish(wanted, pool)
            try await expectExactly(wanted, tasks: made, pool)
        }
    }

    /// People who only label take what is left; there are as many new ones as a task can want.
    private func finish(_ wanted: Int, _ pool: PostgresPool) async throws {
        for number in 0..<wanted {
            let desk = LabelDesk(labeller: "late \(number)", session: pool)
            while let question = try await desk.next() {
                try await desk.submit(.preference(.left, strength: nil), for: question.slot)
            }
        }
    }

    private func expectExactly(_ wanted: Int, tasks: Int, _ pool: PostgresPool) async throws {
        let rows = try await pool.query(
            """
            SELECT count(j.label_id) AS labels, count(DISTINCT j.labeller) AS labellers
            FROM hone.label_tasks t LEFT JOIN hone.judgements j ON j.task_id = t.id GROUP BY t.id
            """)
        #expect(rows.count == tasks)
        for row in rows {
            #expect(try row.decode("labels", as: Int.self) == wanted)
            #expect(try row.decode("labellers", as: Int.self) == wanted)
        }
        #expect(try await pool.value("SELECT count(*) FROM hone.task_leases") == 0)
        #expect(
            try await pool.value("SELECT count(*) FROM hone.task_results WHERE outcome = 'succeeded'")
                == tasks * wanted)
        try await pool.expectSoundLabels()
    }

    @Test func noClientCanGetRoundTheConstraints() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let desk = LabelDesk(labeller: "anna", session: pool)
        let slot = try #require(try await desk.next()).slot
        try await desk.submit(.rating(3), for: slot)
        let forbidden: [(String, PostgresQuery)] = [
            ("23514", "INSERT INTO hone.label_slots VALUES (99, 1, 2, 1, false)"),
            ("23505", "INSERT INTO hone.label_slots VALUES (99, 1, 1, 1, false)"),
            ("23503", "INSERT INTO hone.label_slots VALUES (99, 1, 2, 2, false)"),
            ("HN005", "UPDATE hone.labels SET judgement = '{}'"), ("HN005", "DELETE FROM hone.labels"),
            ("HN005", "TRUNCATE hone.labels CASCADE"),
            // A label without its slot's success, a second one for the slot, and one of another source.
            (
                "HN005",
                """
                INSERT INTO hone.labels (task_id, labeller_id, source, job_id, fence, judgement, leased_at)
                SELECT s.task_id, 1, 'person', s.job_id, 1, '{}', now() FROM hone.label_slots s
                WHERE s.job_id <> \(slot.job)
                """
            ),
            (
                "23505",
                """
                INSERT INTO hone.labels (task_id, labeller_id, source, job_id, fence, judgement, leased_at)
                SELECT task_id, labeller_id, source, job_id, fence, judgement, leased_at FROM hone.labels
                """
            ),
            (
                "23503",
                """
                INSERT INTO hone.labels (task_id, labeller_id, source, judgement) VALUES (2, 1, 'simulated', '{}')
                """
            ),
            (
                "HN005",
                "INSERT INTO hone.labels (task_id, labeller_id, source, judgement) VALUES (2, 1, 'person', '{}')"
            ),
        ]
        for (state, statement) in forbidden {
            await expectRefusal(state) { try await pool.execute(statement) }
        }
    }
}
