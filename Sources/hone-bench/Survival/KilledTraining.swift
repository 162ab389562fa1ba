import HoneFeedback
import HonePostgres

/// A kind of training that is killed: small enough for a run to take seconds, long enough to be hit anywhere.
///
/// Another kind is another element of ``all``.
struct KilledTraining: Sendable {
    /// Of the row in what is reported.
    let name: String
    let kind: String
    /// Steps of a run.
    let steps: Int
    let checkpointEvery: Int
    /// Steps between checkpoints that are taken at the end of an epoch.
    let boundaryEvery: Int
    /// What is learnt from, as a JSON member.
    private let source: String
    /// The configuration's settings besides the common ones, as JSON members.
    private let settings: String
    private let startsFromModel: Bool
    /// Members of the payload besides, as JSON.
    private var members = ""

    /// Whether other workers work for the one that trains, and are killed too.
    var isByFleet: Bool { !members.isEmpty }

    static let all = [sft, reward, ppo, fleet, dpo]

    private static let sums = (10..<18).flatMap { a in (10..<18).map { (a, $0) } }

    /// Makes what they learn from: 64 sums of one length, and as many pairs of a right and a wrong answer, frozen.
    static func prepare(_ pool: PostgresPool) async throws {
        let examples = sums.map { a, b in
            PostgresJSON(text: #"{"prompt": "\#(a)+\#(b)=?", "answer": "\#(a + b)"}"#)
        }
        try await pool.query("SELECT hone.ingest('sums', \(examples))")
        let labels = sums.map { a, b in
            PostgresJSON(
                text: """
                    {"kind": "preference", "source": "verifier", "labeller": "checker", "prompt": "\(a)+\(b)=?",
                        "answers": [{"text": "#### \(a + b)", "steps": []}, {"text": "#### \(a + b + 1)", "steps": []}],
                        "judgement": {"choice": "left"}}
                    """)
        }
        try await pool.query("SELECT hone.import_labels('sums', \(labels))")
        _ = try await Freeze.take(
            "pairs", preferences: LabelSelection(.preference, source: .verifier, origin: "sums"), using: pool)
    }

    /// 16 rows of 16 tokens make a batch, so that 4 steps are an epoch.
    static let sft = KilledTraining(
        name: "train.sft", kind: "train.sft", steps: 600, checkpointEvery: 10, boundaryEvery: 20,
        source: #""dataset": "sums""#,
        settings: """
            "tokens_per_batch": 256, "warm_up_steps": 10, "learning_rate": 0.01, "seed": 7, "model": {
                "model_type": "llama", "vocab_size": 258, "hidden_size": 48, "intermediate_size": 96,
                "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64,
                "tie_word_embeddings": true, "eos_token_id": 256, "pad_token_id": 257}
            """, startsFromModel: false)

    /// 8 of 64 prompts a step, so that 8 steps are an epoch. Its limits are off: it is not to stop by itself.
    static let ppo = KilledTraining(
        name: "train.ppo", kind: "train.ppo", steps: 48, checkpointEvery: 4, boundaryEvery: 8,
        source: #""dataset": "sums""#, settings: reinforcement, startsFromModel: true)

    /// The same on answers that workers sample one step ahead, in four jobs a step.
    static let fleet = KilledTraining(
        name: "train.ppo.fleet", kind: "train.ppo", steps: 48, checkpointEvery: 4, boundaryEvery: 8,
        source: #""dataset": "sums""#, settings: reinforcement, startsFromModel: true,
        members: #""rollouts": {"through": "queue", "staleness": 1, "answers_per_job": 8}, "#)

    private static let reinforcement =
        """
        "prompts_per_step": 8, "samples_per_prompt": 4, "max_new_tokens": 12, "answers_per_update": 16, "seed": 3,
        "divergence": {"target": {"divergence": 2, "horizon": 1000}},
        "limits": {"ratio": null, "divergence": null, "entropy_share": null, "length_factor": null,
            "zero_variance_share": null, "score_drop": null}
        """

    /// One batch holds every pair that is not held out, so that each step is an epoch.
    static let reward = KilledTraining(
        name: "train.reward", kind: "train.reward", steps: 150, checkpointEvery: 5, boundaryEvery: 5,
        source: #""freeze": "pairs""#,
        settings: #""tokens_per_batch": 8192, "seed": 5"#, startsFromModel: true)

    /// As ``reward``.
    static let dpo = KilledTraining(
        name: "train.dpo", kind: "train.dpo", steps: 100, checkpointEvery: 5, boundaryEvery: 5,
        source: #""freeze": "pairs""#,
        settings: #""tokens_per_batch": 8192, "seed": 6"#, startsFromModel: true)

    /// The payload of a job.
    func payload(startingFrom checkpoint: Int64?) -> PostgresJSON {
        let start = startsFromModel ? checkpoint.map { #""initial_checkpoint": \#($0), "# } ?? "" : ""
        return PostgresJSON(
            text: """
                {\(source), "model": "survivor", \(start)\(members)"checkpoint_every": \(checkpointEvery),
                    "configuration": {"steps": \(steps), \(settings)}}
                """)
    }
}
