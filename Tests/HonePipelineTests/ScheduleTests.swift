import Foundation
import HoneDatasets
import HonePipeline
import HonePostgres
import HoneTesting
import Testing

@Suite(.temporaryDatabase) struct ScheduleTests {
    @Test(arguments: [
        ("* * * * *", "2026-03-01 10:20:30", "2026-03-01 10:21"),
        ("0 3 * * *", "2026-03-01 03:00:00", "2026-03-02 03:00"),
        ("*/15 9-17 * * 1-5", "2026-03-06 17:50:00", "2026-03-09 09:00"),
        ("30 0 1 * *", "2026-12-02 00:00:00", "2027-01-01 00:30"),
        ("0 0 29 2 *", "2026-03-01 00:00:00", "2028-02-29 00:00"),
        ("0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00"),
        ("0 12 13 * 5", "2026-03-01 00:00:00", "2026-03-06 12:00"),
        ("0 12 * * 7", "2026-03-01 12:00:00", "2026-03-08 12:00"),
        ("5/20 0,23 * * *", "2026-03-01 00:50:00", "2026-03-01 23:05"),
        ("59 23 31 12 *", "2026-12-31 23:59:59", "2027-12-31 23:59"),
    ])
    func theNextMinuteOfACronExpressionIsFound(cron: String, after: String, expected: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        let rows = try await pool.query(
            """
            SELECT to_char(hone.cron_next(\(cron), (\(after)::timestamp AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC',
                'YYYY-MM-DD HH24:MI') AS next
            """)
        #expect(try rows[0].decode("next", as: String.self) == expected)
    }

    @Test(arguments: ["* * * *", "60 * * * *", "* * 0 * *", "a * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *"])
    func whatIsNoCronExpressionIsRefusedInTheFileAndByTheDatabase(cron: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        let error = try #require(throws: PipelineError.self) {
            try PipelineDefinition(yaml: Self.yaml(cron: cron), file: "demo.yaml")
        }
        #expect(error.description.contains("demo.yaml:"), "\(error)")
        let refusal = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT hone.cron_next(\(cron), now())")
        }
        #expect(refusal?.sqlState == SQLState("HN003"))
    }

    @Test func anImpossibleDayIsRefused() async throws {
        let pool = try TemporaryDatabase.current.pool
        await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT hone.cron_next('0 0 30 2 *', now())")
        }
    }

    @Test func manySchedulersFireEachDueTimeOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        for number in 1...6 { try await Self.define("p\(number)", in: pool) }
        for round in 1...5 {
            try await pool.execute(
                "UPDATE hone.schedules SET next_at = date_trunc('minute', now()) - interval '1 minute'")
            // As if the runs before had ended, and firings of the same minute were of earlier ones.
            try await pool.execute("SELECT hone.cancel(id) FROM hone.jobs WHERE finished_at IS NULL")
            try await pool.execute("UPDATE hone.schedule_firings SET due_at = due_at - interval '1 day'")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await Schedules.fire(codeVersion: "v1", in: pool) }
                }
                try await group.waitForAll()
            }
            let rows = try await pool.query("SELECT pipeline, count(*) AS runs FROM hone.run_status GROUP BY 1")
            let counts = try rows.map { try $0.decode("runs", as: Int.self) }
            #expect(counts == Array(repeating: round, count: 6))
        }
    }

    @Test func aSchedulerThatDiesHasFiredNothing() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("p", in: pool)
        try await Self.makeDue("p", minutesAgo: 1, in: pool)
        await #expect(throws: Dead.self) {
            try await pool.withTransaction { transaction in
                #expect(try await Schedules.fire(codeVersion: "v1", in: transaction).count == 1)
                throw Dead()
            }
        }
        #expect(try await PipelineRuns.latest(in: pool).isEmpty)
        #expect(try await Schedules.fire(codeVersion: "v1", in: pool).map(\.outcome) == ["started"])
        #expect(try await Schedules.fire(codeVersion: "v1", in: pool).isEmpty)
    }

    @Test func whatWasMissedIsMadeUpForOnce() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("p", in: pool)
        try await Self.makeDue("p", minutesAgo: 10, in: pool)
        let fired = try await Schedules.fire(codeVersion: "v1", in: pool)
        #expect(fired.map(\.outcome) == ["started"])
        let firing = try #require(fired.first)
        #expect((9...10).contains(firing.missed))
        let run = try await PipelineRuns.status(of: try #require(firing.run), in: pool)
        #expect(run.schedule == "cron" && run.dueAt == firing.dueAt && run.codeVersion == "v1")
        let next = try #require(try await Schedules.list(in: pool).first).nextAt
        #expect(next > firing.dueAt && next.timeIntervalSince(firing.at) <= 60)
    }

    @Test func aRunThatHasNotEndedHoldsTheNextOneBack() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("p", in: pool)
        let first = try await Schedules.trigger("p", codeVersion: "v1", in: pool)
        try await Self.makeDue("p", minutesAgo: 0, in: pool)
        let second = try await Schedules.fire(codeVersion: "v1", in: pool)
        let run = try #require(first.run)
        #expect(second.map(\.reason) == ["run \(run) has not ended"])
        #expect(second.map(\.run) == [nil])
    }

    @Test func aConditionCountsFromTheRunBefore() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define(
            "p", onlyIf: "{new_examples: {dataset: '${params.data}', split: train, count: 3}}", in: pool)
        func fire(adding texts: [String]) async throws -> ScheduleFiring? {
            try await Self.ingest(texts, in: pool)
            try await pool.execute("SELECT hone.cancel(id) FROM hone.jobs WHERE finished_at IS NULL")
            try await pool.execute("UPDATE hone.schedule_firings SET due_at = due_at - interval '1 day'")
            try await Self.makeDue("p", minutesAgo: 0, in: pool)
            return try await Schedules.fire(codeVersion: "v1", in: pool).first
        }
        #expect(try await fire(adding: [])?.reason == "0 of 3 new examples")
        #expect(try await fire(adding: ["1", "2"])?.reason == "2 of 3 new examples")
        #expect(try await fire(adding: ["3"])?.outcome == "started")
        #expect(try await fire(adding: ["4"])?.reason == "1 of 3 new examples")
        #expect(try await fire(adding: ["5", "6", "7"])?.outcome == "started")
    }

    @Test func aPausedScheduleFiresOnlyWhenTriggered() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("p", in: pool)
        try await Schedules.pause("p", in: pool)
        try await Self.makeDue("p", minutesAgo: 5, in: pool)
        #expect(try await Schedules.fire(codeVersion: "v1", in: pool).isEmpty)
        #expect(try await Schedules.trigger("p", codeVersion: "v1", in: pool).outcome == "started")
        let next = try await Schedules.resume("p", in: pool)
        #expect(next > Date.now.addingTimeInterval(-5))
        // The next one may be a moment away.
        let fired = try await Schedules.fire(codeVersion: "v1", in: pool)
        #expect(fired.isEmpty || next <= .now)
    }

    @Test func aScheduleThatCannotStartFailsAlone() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("good", in: pool)
        try await Self.define("bad", in: pool)
        try await pool.execute(#"UPDATE hone.schedules SET params = '{"colour": 1}' WHERE pipeline = 'bad'"#)
        for name in ["good", "bad"] { try await Self.makeDue(name, minutesAgo: 0, in: pool) }
        let fired = try await Schedules.fire(codeVersion: "v1", in: pool).sorted { $0.pipeline < $1.pipeline }
        #expect(fired.map(\.outcome) == ["failed", "started"])
        #expect(fired.first?.reason.contains("has no parameter 'colour'") == true)
    }

    @Test func storingADefinitionAgainKeepsWhatIsDueAndPaused() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await Self.define("p", in: pool)
        try await Self.makeDue("p", minutesAgo: 2, in: pool)
        try await Schedules.pause("p", in: pool)
        let before = try #require(try await Schedules.list(in: pool).first)
        try await Self.define("p", in: pool)
        let after = try #require(try await Schedules.list(in: pool).first)
        #expect(after.nextAt == before.nextAt && after.pausedAt == before.pausedAt)
        let plain = "name: p\nstages: [{name: only, kind: noop}]"
        try await PipelineRuns.register(try PipelineDefinition(yaml: plain, file: "p.yaml"), in: pool)
        #expect(try await Schedules.list(in: pool).isEmpty)
        let error = await #expect(throws: PostgresError.self) {
            try await Schedules.trigger("p", codeVersion: "v1", in: pool)
        }
        #expect(error?.description.contains("pipeline 'p' has no schedule") == true)
    }

    @Test(arguments: [
        ("cron: '* * * * *'", "params: {nothing: 1}, cron: '* * * * *'", "not declared: 'nothing'"),
        ("only_if: {}", "only_if: {new_labels: 0}", "must be at least 1"),
        ("only_if: {}", "only_if: {drift: {dataset: d}}", "needs a 'dataset' and 'above'"),
        ("only_if: {}", "only_if: {new_examples: {dataset: '${params.x}', count: 1}}", "not a parameter"),
        ("only_if: {}", "only_of: {}", "unknown key 'only_of'"),
    ])
    func aFaultOfAScheduleIsNamed(from: String, to: String, says: String) throws {
        let error = try #require(throws: PipelineError.self) {
            try PipelineDefinition(yaml: Self.yaml(cron: "* * * * *").replacing(from, with: to), file: "demo.yaml")
        }
        #expect(error.description.contains(says), "\(error)")
    }
}

/// Stands for a process that is killed before it commits.
private struct Dead: Error {}

extension ScheduleTests {
    static func yaml(_ name: String = "demo", cron: String, onlyIf: String = "{}") -> String {
        """
        name: \(name)
        params: {data: d}
        schedule: {cron: '\(cron)', only_if: \(onlyIf)}
        stages: [{name: only, kind: noop}]
        """
    }

    static func define(_ name: String, onlyIf: String = "{}", in pool: PostgresPool) async throws {
        let yaml = yaml(name, cron: "* * * * *", onlyIf: onlyIf)
        try await PipelineRuns.register(try PipelineDefinition(yaml: yaml, file: "\(name).yaml"), in: pool)
    }

    static func makeDue(_ pipeline: String, minutesAgo: Int, in pool: PostgresPool) async throws {
        try await pool.execute(
            """
            UPDATE hone.schedules SET next_at = date_trunc('minute', now()) - make_interval(mins => \(minutesAgo)::int)
            WHERE pipeline = \(pipeline)
            """)
    }

    static func ingest(_ prompts: [String], in session: some PostgresSession) async throws {
        for prompt in prompts {
            let example = PostgresJSON(text: #"{"prompt": "\#(prompt)", "answer": "1"}"#)
            _ = try await session.query("SELECT hone.ingest('d', ARRAY[\(example)])")
        }
    }
}
