import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

@Suite(.temporaryDatabase) struct LabellerRoleTests {
    private func with(_ role: String, _ body: (PostgresConnection) async throws -> Void) async throws {
        try await TemporaryDatabase.current.pool.withConnection { connection in
            try await connection.execute("SET ROLE \(identifier: role)")
            try await body(connection)
            try await connection.execute("RESET ROLE")
        }
    }

    @Test func aLabellerLabelsUnderItsOwnNameAndReadsNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(4, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.rating, checkpoint: 1), in: pool)
        let others = try #require(try await LabelDesk(labeller: "anna", session: pool).next()).slot
        let done = try #require(try await LabelDesk(labeller: "bert", session: pool).next()).slot
        try await LabelDesk(labeller: "bert", session: pool).submit(.rating(1), for: done)
        try await with("hone_labeller") { connection in
            let desk = LabelDesk(labeller: "hone_labeller", session: connection)
            let first = try #require(try await desk.next())
            try await desk.renew(first.slot)
            try await desk.submit(.rating(3), for: first.slot)
            try await desk.submit(.rating(4), for: desk.undo().slot)
            let second = try #require(try await desk.next())
            try await desk.skip(second.slot, reason: "unclear")
            #expect(try await desk.progress().labelled == 1)

            let impostor = LabelDesk(labeller: "anna", session: connection)
            let denied = "42501"
            await expectRefusal(denied) { _ = try await impostor.next() }
            await expectRefusal(denied) { _ = try await impostor.progress() }
            await expectRefusal(denied) { _ = try await impostor.undo() }
            await expectRefusal(denied) { try await desk.submit(.rating(5), for: others) }
            await expectRefusal(denied) { try await desk.submit(.rating(1), for: done) }
            await expectRefusal(denied) { try await desk.skip(others, reason: "not mine") }
            await expectRefusal(denied) { try await desk.release(others) }
            await expectRefusal(denied) { try await desk.renew(others) }
            for statement: PostgresQuery in [
                "SELECT * FROM hone.labels", "SELECT * FROM hone.judgements", "SELECT * FROM hone.label_slots",
                "SELECT * FROM hone.samples", "SELECT * FROM hone.jobs", "SELECT hone.label_content(1)",
                "SELECT hone.create_label_tasks('rating', 1)", "SELECT hone.enqueue('noop', '{}')",
                "SELECT hone.complete('{1}', '{1}', '{null}')", "SELECT hone.import_labels('a', '{}')",
                "SELECT hone.label_rescue()", "SELECT hone.cancel_label_task(1)", "SELECT hone.labeller('x', 'person')",
            ] {
                await expectRefusal(denied) { try await connection.query(statement) }
            }
        }
    }

    @Test func aProducerAsksAndReadsAndDoesNotLabel() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        try await with("hone_producer") { connection in
            #expect(try await LabelTasks.create(LabelRequest(.preference, dataset: "sums"), in: connection) == 2)
            for view in ["judgements", "all_judgements", "label_task_status", "label_history", "freezes"] {
                try await connection.query("SELECT * FROM hone.\(identifier: view)")
            }
            #expect(try await LabelExport.lines(of: nil, source: .person, from: connection) { _ in } == 0)
            await expectRefusal("42501") { _ = try await LabelDesk(labeller: "p", session: connection).next() }
            await expectRefusal("42501") { try await connection.query("SELECT * FROM hone.labels") }
        }
    }

    @Test func aWorkersRoleSufficesForLabellingOnBehalfOfOthersAndForFreezes() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(2, in: pool)
        _ = try await LabelFixture.create(LabelRequest(.preference, dataset: "sums"), in: pool)
        try await with("hone_worker") { connection in
            let desk = LabelDesk(labeller: "anna", session: connection)
            for choice in [Judgement.Choice.left, .right] {
                let question = try #require(try await desk.next())
                try await desk.submit(.preference(choice, strength: nil), for: question.slot)
            }
            _ = try await AgreementReport(LabelSelection(.preference), from: connection)
            try await connection.withTransaction { transaction in
                try await transaction.execute(
                    "INSERT INTO hone.freeze_rows VALUES (nextval('hone.freeze_ids'), 1, '{}')")
                try await transaction.query(
                    "SELECT hone.seal_freeze(currval('hone.freeze_ids'), 'f', 'preferences', '{}')")
            }
            for statement: PostgresQuery in [
                "INSERT INTO hone.labels (task_id, labeller_id, source, judgement) VALUES (1, 1, 'person', '{}')",
                "UPDATE hone.label_claims SET is_final = false", "DELETE FROM hone.freezes",
                "SELECT hone.cancel_label_task(1)",
            ] {
                await expectRefusal("42501") { try await connection.query(statement) }
            }
        }
    }
}
