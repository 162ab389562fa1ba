import Foundation
import HoneArtifacts
import HoneCatalog
import HoneDatasets
import HoneFeedback
import HonePostgres
import HoneQueue
import HoneTesting
import HoneTokenizer
import HoneTraining
import Testing

@testable import HoneWorker

/// `train.reward` through the queue, and policies that learn from what it made.
@Suite(.temporaryDatabase) struct RewardJobTests {
    private func payload(freeze: String = "pairs", from checkpoint: Int64, more: String = "") -> PostgresJSON {
        PostgresJSON(
            text: """
                {"freeze": "\(freeze)", "model": "judge", "initial_checkpoint": \(checkpoint), "held_out_share": 0.3,
                    "checkpoint_every": 5, \(more) "configuration": {"steps": 60, "tokens_per_batch": 512, "seed": 3,
                        "optimizer": {"learning_rate": 0.01, "warm_up_steps": 2}}}
                """)
    }

    /// Labels of a simulated annotator on right and wrong answers, and a freeze of them.
    private func label(_ floor: GateFloor, kind: LabelKind = .preference, as freeze: String = "pairs") async throws {
        let pool = floor.pool
        if try await pool.one("SELECT count(*) FROM hone.samples", as: Int.self) == 0 {
            try await pool.execute(
                """
                INSERT INTO hone.samples (
                    job_id, fence, ordinal, checkpoint_id, example_id, prompt, text, token_ids, steps, finish_reason)
                SELECT e.id, 1, k, c.id, e.id, e.prompt, format(E'1+1=%s\\n#### %s', 2 + k, 2 + k), '{1}',
                    jsonb_build_array(jsonb_build_object('text', format('1+1=%s', 2 + k))), 'stop'
                FROM hone.examples e JOIN hone.datasets d ON d.id = e.dataset_id AND d.name = 'twos',
                    (SELECT min(id) AS id FROM hone.checkpoints) c, generate_series(0, 1) k
                """)
        }
        _ = try await LabelTasks.create(
            {
                var request = LabelRequest(kind, dataset: "twos")
                request.source = .simulated
                return request
            }(), in: pool)
        try await JobQueue(pool).enqueue(
            "annotate", payload: PostgresJSON(text: #"{"seed": 1, "name": "robot", "utility": {"answer": 1}}"#))
        try await floor.worker.runUntilIdle()
        let selection = LabelSelection(kind, source: .simulated)
        _ =
            kind == .steps
            ? try await Freeze.take(freeze, steps: selection, using: pool)
            : try await Freeze.take(freeze, preferences: selection, using: pool)
    }

    private func run(_ kind: String, _ payload: PostgresJSON, _ floor: GateFloor) async throws -> Int64 {
        let job = try await JobQueue(floor.pool).enqueue(kind, payload: payload)
        try await floor.worker.runUntilIdle()
        let error: String? = try await floor.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
        try #require(error == nil, "\(error ?? "")")
        return try await floor.pool.one(
            "SELECT (result ->> 'checkpoint')::bigint FROM hone.results WHERE job_id = \(job)")
    }

    private func failure(_ kind: String, _ payload: PostgresJSON, _ floor: GateFloor) async throws -> String {
        let job = try await JobQueue(floor.pool).enqueue(kind, payload: payload)
        try await floor.worker.runUntilIdle()
        return try await floor.pool.one("SELECT error FROM hone.job_status WHERE id = \(job) AND state = 'failed'")
    }

    @Test(.timeLimit(.minutes(4))) func aPolicyLearnsFromARewardModelAndItsLineageNamesTheLabellers() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let raw = try await floor.train(on: "twos", steps: 2)
        let base = try await floor.train(on: "twos", steps: 250)
        try await label(floor)
        try await label(floor, kind: .steps, as: "steps")
        let outcome = try await run("train.reward", payload(from: raw), floor)
        let process = try await run("train.reward", payload(freeze: "steps", from: raw), floor)
        for judge in [outcome, process] {
            let row = try await floor.pool.query(
                """
                SELECT (metrics ->> 'accuracy')::float8 AS accuracy, metrics::text AS metrics,
                    dataset_cut ->> 'freeze' AS freeze, (
                    SELECT count(*)::integer FROM hone.checkpoint_files f WHERE f.checkpoint_id = c.id
                        AND f.path IN ('calibration.svg', 'reward_evaluation.json')) AS files
                FROM hone.checkpoints c WHERE id = \(judge)
                """)[0]
            let metrics: String = try row.decode("metrics")
            #expect(try row.decode("accuracy", as: Double.self) == 1, "\(metrics)")
            #expect(try row.decode("files", as: Int.self) == 2)
            #expect(try row.decode("freeze", as: String.self) == (judge == outcome ? "pairs" : "steps"))
        }
        let reward = """
            {"outcome": {"checkpoints": [\(outcome)]},
             "process": {"checkpoint": \(process), "weight": 0.5, "placement": "steps"}}
            """
        let policy = try await run("train.ppo", policyPayload(from: base, reward: reward), floor)
        let entries = try await Checkpoints.lineage(of: policy, in: floor.pool)
        #expect(entries.map(\.checkpoint) == [policy, base, outcome, process, raw])
        #expect(entries.map(\.generation) == [0, 1, 1, 1, 2])
        let cuts = try await DataCut.behind(policy, in: floor.pool)
        #expect(cuts.map(\.dataset) == ["twos", "twos", "twos"], "a reward model's labels are no examples to remember")
        let labellers = try await floor.pool.query(
            """
            SELECT DISTINCT checkpoint_id, freeze_name, labeller, source FROM hone.lineage_labels(\(policy)) ORDER BY 1
            """
        ).map { try $0.decode(Int64.self, String.self, String.self, String.self) }
        #expect(labellers.map(\.0) == [outcome, process])
        #expect(labellers.allSatisfy { $0.2 == "robot" && $0.3 == "simulated" })
        #expect(
            entries[2].events.contains { event in
                guard case .object(let members) = event else { return false }
                return members["kind"] == .string("labels") && members["labellers"] == .object(["robot": .integer(80)])
            }, "\(entries[2].events)")
        let measured: Int = try await floor.pool.one(
            """
            SELECT count(*) FROM hone.checkpoints
            WHERE id = \(policy) AND metrics ?& '{outcome_reward,process_reward,verifier}'
            """)
        #expect(measured == 1)

        let refused = PostgresJSON(text: #"{"checkpoint": \#(outcome), "dataset": "twos", "samples": 1}"#)
        for (kind, payload) in [
            ("sample", refused), ("train.ppo", policyPayload(from: process, reward: reward)),
        ] {
            let error = try await failure(kind, payload, floor)
            #expect(error.contains("is a reward model, which judges answers and writes none"), "\(kind): \(error)")
        }
    }

    private func policyPayload(from checkpoint: Int64, reward: String) -> PostgresJSON {
        PostgresJSON(
            text: """
                {"dataset": "twos", "model": "tiny", "initial_checkpoint": \(checkpoint), "reward": \(reward),
                    "configuration": {"steps": 3, "prompts_per_step": 6, "samples_per_prompt": 2, "max_new_tokens": 8,
                        "answers_per_update": 6, "seed": 3}}
                """)
    }

    private func startWorker(_ floor: GateFloor) throws -> WorkerProcess {
        try WorkerProcess(
            ["work", "--log-level", "notice"],
            environment: [
                "HONE_DATABASE_URL": try TemporaryDatabase.current.url,
                "HONE_ARTIFACTS": floor.worker.artifacts.path,
            ])
    }

    /// Killed at a resume point while it waits to write one.
    @Test(.timeLimit(.minutes(4))) func aRunThatIsKilledEndsWithTheBitsOfAnUndisturbedOne() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let base = try await floor.train(on: "twos", steps: 2)
        try await label(floor)
        let undisturbed = try await run("train.reward", payload(from: base), floor)
        let job = try await JobQueue(floor.pool).enqueue("train.reward", payload: payload(from: base))
        try await floor.pool.holdBackCheckpoints(atSteps: [10])
        try await floor.pool.withTransaction { transaction in
            try await transaction.execute("SELECT pg_advisory_xact_lock(10)")
            let worker = try startWorker(floor)
            try await floor.pool.waitForHeldBackCheckpoint(ofStep: 10)
            await worker.killHard()
        }
        let worker = try startWorker(floor)
        try await floor.pool.wait(
            until: "SELECT state = 'succeeded' FROM hone.job_status WHERE id = \(job)", seconds: 120)
        worker.terminate()
        #expect(await worker.status == 0, "\(worker.complaints)")
        let same: Int = try await floor.pool.one(
            """
            SELECT count(DISTINCT f.sha256)
            FROM hone.checkpoints c JOIN hone.checkpoint_files f ON f.checkpoint_id = c.id
            WHERE (c.id = \(undisturbed) OR c.job_id = \(job)) AND c.step = 60
                AND f.path IN ('model.safetensors', 'reward_head.safetensors', 'calibration.svg')
            """)
        #expect(same == 3)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.checkpoints WHERE job_id = \(job)") == 1)
        let log = try await floor.pool.query("SELECT message FROM hone.job_logs WHERE job_id = \(job)")
            .map { try $0.decode(String.self) }
        #expect(log.contains { $0.hasPrefix("going on after step 5:") }, "\(log)")
    }

    @Test(.timeLimit(.minutes(4))) func aPolicyLearnsFromAFreezeWithoutARewardModel() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let base = try await floor.train(on: "twos", steps: 2)
        try await label(floor)
        let policy = try await run(
            "train.dpo",
            PostgresJSON(
                text: """
                    {"freeze": "pairs", "model": "tiny", "initial_checkpoint": \(base), "configuration": {
                        "steps": 20, "tokens_per_batch": 1024, "optimizer": {"learning_rate": 0.01}}}
                    """), floor)
        let entries = try await Checkpoints.lineage(of: policy, in: floor.pool)
        #expect(entries.map(\.checkpoint) == [policy, base])
        let accuracy: Double = try await floor.pool.one(
            "SELECT (metrics ->> 'accuracy')::float8 FROM hone.checkpoints WHERE id = \(policy)")
        #expect(accuracy == 1)
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.lineage_labels(\(policy))") == 80)
    }

    @Test func whatCannotBeLearntFromIsRefusedByName() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let base = try await floor.train(on: "twos", steps: 2)
        #expect(try await failure("train.reward", payload(from: base), floor).contains("there is no freeze pairs"))
        try await label(floor)
        #expect(
            try await failure(
                "train.reward", payload(from: base, more: #""freeze_sha256": "00","#), floor
            ).contains("freeze pairs has the SHA-256"))
        _ = try await Freeze.take("sft", dataset: "twos", split: "train", using: floor.pool)
        #expect(
            try await failure("train.reward", payload(freeze: "sft", from: base), floor)
                .contains("holds examples, not preferences or steps"))
        let noJudge = #"{"verifier": 0}"#
        #expect(
            try await failure("train.ppo", policyPayload(from: base, reward: noJudge), floor)
                .contains("\"reward\" gives no judge any weight"))
        let notOne = #"{"outcome": {"checkpoints": [\#(base)]}}"#
        #expect(
            try await failure("train.ppo", policyPayload(from: base, reward: notOne), floor)
                .contains("names checkpoint \(base), which is no reward model"))
        let judge = try await run("train.reward", payload(from: base), floor)
        let otherKind = #"{"process": {"checkpoint": \#(judge)}}"#
        #expect(
            try await failure("train.ppo", policyPayload(from: base, reward: otherKind), floor)
                .contains("judges whole answers, not steps"))
        let indifferent = try await deaden(judge, floor)
        let reward = #"{"outcome": {"checkpoints": [\#(indifferent)]}}"#
        #expect(
            try await failure("train.ppo", policyPayload(from: base, reward: reward), floor)
                .contains("names checkpoint \(indifferent), which gave the same score to all of"))
    }

    /// A reward model as those that were recorded before such trainings failed: it says the same of everything.
    private func deaden(_ judge: Int64, _ floor: GateFloor) async throws -> Int64 {
        let store = try ArtifactStore(root: floor.worker.artifacts)
        let files = try await Checkpoints.files(of: judge, in: floor.pool).map { file in
            guard file.path == "reward_evaluation.json" else { return file }
            var evaluation = try #require(
                try JSONSerialization.jsonObject(with: store.data(file.artifact.sha256)) as? [String: Any])
            evaluation["score_deviation"] = 0
            return CheckpointFile(
                path: file.path, artifact: try store.put(JSONSerialization.data(withJSONObject: evaluation)))
        }
        let new = NewCheckpoint(model: "judge", step: 61, config: PostgresJSON(text: "{}"), files: files)
        return try await floor.pool.withTransaction { try await Checkpoints.record(new, in: $0) }
    }

    @Test func aFreezeThatChangedUnderARunIsNoticed() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let base = try await floor.train(on: "twos", steps: 2)
        try await label(floor)
        let source = FreezeSource(name: "pairs", sha256: nil)
        let begun = try await source.fix(in: floor.pool)
        _ = try await source.rows(of: begun, from: floor.pool)
        // As a careless restore of a backup might.
        try await floor.pool.execute("ALTER TABLE hone.freeze_rows DISABLE TRIGGER keep_rows")
        try await floor.pool.execute(
            "UPDATE hone.freeze_rows SET content = content || '{\"margin\": 3}' WHERE ordinal = 7")
        await #expect(throws: FeedbackError.freezeDamaged("pairs")) {
            try await source.rows(of: begun, from: floor.pool)
        }
        try await floor.pool.execute("ALTER TABLE hone.freezes DISABLE TRIGGER keep_freezes")
        try await floor.pool.execute("UPDATE hone.freezes SET sha256 = hone.freeze_digest(id)")
        await #expect {
            try await source.rows(of: begun, from: floor.pool)
        } throws: { error in
            guard case FeedbackError.freezeChanged("pairs", _, _) = error else { return false }
            return error.isPermanent
        }
        #expect(base > 0)
    }
}

@Suite struct RewardDataTests {
    private let text = LabelledText(tokenizer: .init())

    private func pair(_ prompt: String, _ chosen: String, _ rejected: String, margin: Double = 1) throws
        -> HoneFeedback.PreferencePair
    {
        try PostgresJSON(
            text: """
                {"prompt": "\(prompt)", "chosen": "\(chosen)", "rejected": "\(rejected)", "tie": false,
                 "margin": \(margin), "weight": 1, "task": 1, "labels": [1]}
                """
        ).decode(HoneFeedback.PreferencePair.self)
    }

    @Test func noPromptIsLearntFromAndMeasuredOn() throws {
        let pairs = try (0..<200).flatMap { [try pair("p\($0)", "a", "b"), try pair("p\($0)", "c", "b")] }
        let data = try RewardData(
            .preferences(pairs), text, shares: .init(heldOut: 0.25, calibration: 0.2), contextLength: nil)
        guard case .pairs(let training) = data.training, case .pairs(let heldOut) = data.heldOut,
            case .pairs(let calibrating) = data.calibrating
        else {
            Issue.record("pairs became something else")
            return
        }
        #expect(training.count + heldOut.count + calibrating.count == 400)
        #expect((60...140).contains(heldOut.count))
        #expect((40...120).contains(calibrating.count))
        func prompts(_ pairs: [HoneTraining.PreferencePair]) -> Set<[Int32]> {
            Set(pairs.map { Array($0.chosen.dropLast(2)) })
        }
        #expect(prompts(training).isDisjoint(with: prompts(heldOut)))
        #expect(prompts(calibrating).isDisjoint(with: prompts(heldOut).union(prompts(training))))
        let without = try RewardData(
            .preferences(pairs), text, shares: .init(heldOut: 0.25, calibration: 0), contextLength: nil)
        #expect(without.calibrating == nil)
        #expect(without.heldOut == data.heldOut)
    }

    @Test func contradictionsAreCountedAndPlainVotesHaveNoMargin() throws {
        let pairs = try [pair("p", "a", "b"), pair("p", "b", "a"), pair("q", "a", "b", margin: 3)]
        let data = try RewardData(
            .preferences(pairs + (0..<50).map { try pair("r\($0)", "a", "b") }), text,
            shares: .init(heldOut: 0.3, calibration: 0), contextLength: nil)
        #expect(data.contradictionCount == 2)
        #expect(data.warnings.count == 1)
        #expect(text.pair(pairs[0]).margin == 0)
        #expect(text.pair(pairs[2]).margin == 2)
    }

    @Test func stepsAreJudgedAtTheirLineBreaks() throws {
        let labels = try PostgresJSON(
            text: """
                {"prompt": "1+1+1=?", "steps": ["1+1=2", "2+1=4"], "ratings": [1, -1], "task": 1, "labels": [1]}
                """
        ).decode(StepLabels.self)
        let example = try #require(text.steps(labels))
        #expect(example.labels.map(\.isRight) == [true, false])
        #expect(example.labels.allSatisfy { example.tokens[$0.position] == 10 })
        let answer = text.tokenizer.encode("1+1=2\n\n2+1=4\n#### 4\nmore\n")
        #expect(StepSeparator(text.tokenizer).ends(in: answer) == [5, 12])
    }
}
