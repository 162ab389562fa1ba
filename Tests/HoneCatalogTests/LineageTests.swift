import HoneCatalog
import HoneDatasets
import HonePostgres
import HoneTesting
import Testing

/// Where a served checkpoint comes from, in one query.
@Suite(.temporaryDatabase) struct LineageTests {
    @Test func aChainOfThreeIsExplainedBackToItsFirst() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await chain(in: pool)
        let entries = try await Checkpoints.lineage(of: ids[2], in: pool)
        #expect(entries.map(\.checkpoint) == ids.reversed())
        #expect(entries.map(\.generation) == [0, 1, 2])
        #expect(entries.map(\.parent) == [ids[1], ids[0], nil])
        #expect(entries.map(\.codeVersion) == ["code 3", "code 2", "code 1"])
        #expect(entries.map(\.seed) == [3, 2, 1])
        #expect(entries.map(\.config) == [3, 2, 1].map { .object(["hidden_size": .integer($0)]) })
        #expect(entries.allSatisfy { $0.pipeline == "one" && $0.pipelineHash?.count == 64 && $0.run != nil })
        #expect(entries.allSatisfy { $0.runCodeVersion == "started by a test" })
        #expect(entries.map(\.payload) == Array(repeating: .object(["sleep_ms": .integer(1)]), count: 3))
        let cuts = try entries.map { entry in
            guard case .object(let cut)? = entry.datasetCut else { throw CatalogError.unknownDataset("d") }
            return cut["count"]
        }
        #expect(cuts == [.integer(6), .integer(4), .integer(2)])
        #expect(
            entries.map { $0.events.map(kind) } == [
                ["evaluation", "gate", "quarantine", "gate"], ["gate", "promote"], ["gate", "promote"],
            ])
    }

    @Test func everyPromptThatACheckpointEverSawIsThere() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await chain(in: pool)
        let rows = try await pool.query(
            """
            SELECT checkpoint_id, use, string_agg(prompt, ' ' ORDER BY example_id) AS prompts
            FROM hone.lineage_prompts(\(ids[2])) GROUP BY 1, 2 ORDER BY 1, 2
            """)
        let seen = try rows.map { row in
            let (id, use, prompts) = try row.decode(Int64.self, String.self, String.self)
            return "\(id) \(use): \(prompts)"
        }
        #expect(
            seen == [
                "\(ids[0]) trained: p1 p2", "\(ids[1]) trained: p1 p2 p3 p4",
                "\(ids[2]) evaluated: p1", "\(ids[2]) trained: p1 p2 p3 p4 p5 p6",
            ])
    }

    /// By indexes, however much there is of everything else.
    @Test func aLineageReadsNoTableFromEndToEnd() async throws {
        let pool = try TemporaryDatabase.current.pool
        let ids = try await chain(in: pool)
        for statement in [
            """
            INSERT INTO hone.samples (job_id, fence, ordinal, checkpoint_id, prompt, text, token_ids, finish_reason)
            SELECT 1000000, 1, g, \(ids[0]), 'p', 't', '{1}', 'stop' FROM generate_series(1, 100000) g
            """,
            """
            INSERT INTO hone.gate_decisions (model_id, candidate_id, passed, evidence, reason)
            SELECT c.model_id, c.id, false, '{}', 'many' FROM hone.checkpoints c, generate_series(1, 20000)
            WHERE c.id = \(try await Line.record("other", in: pool))
            """,
            "ANALYZE",
        ] {
            try await pool.execute(PostgresQuery(unsafeSQL: statement))
        }
        let scanned: Int = try await pool.withTransaction { transaction in
            _ = try await Checkpoints.lineage(of: ids[2], in: transaction)
            let rows = try await transaction.query(
                """
                SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(t)), 0)::bigint
                FROM unnest(ARRAY['hone.samples'::regclass, 'hone.gate_decisions'::regclass]) AS t
                """)
            return try rows[0].decode(Int.self)
        }
        #expect(scanned < 100, "\(scanned) rows were read")
    }

    @Test func thatOfNoCheckpointIsEmpty() async throws {
        #expect(try await Checkpoints.lineage(of: 99, in: TemporaryDatabase.current.pool).isEmpty)
    }

    private func kind(_ event: JSONValue) -> String {
        guard case .object(let members) = event, case .string(let kind)? = members["kind"] else { return "?" }
        return kind
    }

    /// Two served checkpoints and a candidate that was blocked and then passed, each trained on two examples more.
    private func chain(in pool: PostgresPool) async throws -> [Int64] {
        let definition = PostgresJSON(
            text: """
                {"name": "one", "params": {}, "stages": [
                    {"name": "only", "kind": "noop", "needs": [], "with": {"sleep_ms": 1}}]}
                """)
        try await pool.query("SELECT hone.define_pipeline(\(definition))")
        var ids: [Int64] = []
        for number in 1...3 {
            let run: Int64 = try await pool.query(
                "SELECT hone.run_pipeline('one', '{}', 'started by a test')")[0].decode(Int64.self)
            let job: Int64 = try await pool.query("SELECT job_id FROM hone.stages WHERE run_id = \(run)")[0]
                .decode(Int64.self)
            let id = try await checkpoint(number, parent: ids.last, run: run, job: job, in: pool)
            if number < 3 {
                try await Line.decide("m", id, against: ids.last, passed: true, in: pool)
                try await Promotions.promote(id, of: "m", in: pool)
            }
            ids.append(id)
        }
        try await measure(ids[2], in: pool)
        try await Line.block("m", ids[2], against: ids[1], in: pool)
        try await Line.decide("m", ids[2], against: ids[1], passed: true, in: pool)
        return ids
    }

    private func checkpoint(
        _ number: Int, parent: Int64?, run: Int64, job: Int64, in pool: PostgresPool
    ) async throws -> Int64 {
        try await pool.withTransaction { transaction in
            var examples = (1...2 * number).map { Example(prompt: "p\($0)", answer: "a", split: "train") }[...]
            try await Datasets.ingest({ examples.popFirst() }, into: "d", in: transaction)
            var new = NewCheckpoint(
                model: "m", step: number, config: PostgresJSON(text: #"{"hidden_size": \#(number)}"#), files: [])
            new.parent = parent
            new.attempt = JobAttempt(job: job, fence: 1)
            new.run = run
            new.seed = UInt64(number)
            new.codeVersion = "code \(number)"
            new.data = .cut(try await DataCut.take(dataset: "d", split: "train", from: transaction))
            return try await Checkpoints.record(new, in: transaction)
        }
    }

    /// An evaluation with one sample.
    private func measure(_ checkpoint: Int64, in pool: PostgresPool) async throws {
        try await pool.withTransaction { transaction in
            let cut = try await DataCut.take(dataset: "d", split: "train", from: transaction)
            let example: Int64 = try await transaction.query("SELECT min(id) FROM hone.examples")[0]
                .decode(Int64.self)
            _ = try await Evaluations.record(
                PostgresJSON(text: #"{"accuracy": 1}"#), of: checkpoint, on: cut,
                by: JobAttempt(job: 77, fence: 1), in: transaction)
            let sample = NewSample(
                attempt: JobAttempt(job: 77, fence: 1), ordinal: 0, checkpoint: checkpoint, example: example,
                prompt: "p1", text: "#### a", tokenIDs: [1], tokenLogProbs: nil, steps: [], answer: "a",
                finishReason: "stop", verdict: "correct")
            try await Samples.record([sample], in: transaction)
        }
    }
}
