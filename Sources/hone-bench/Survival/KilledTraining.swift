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
    /// The payload's settings besides the common ones, as JSON members.
    private let settings: String
    private let startsFromModel: Bool
    /// Members of the payload besides, as JSON.
    private var members = ""

    /// Whether other workers work for the one that trains, and are killed too.
    var isByFleet: Bool { !members.isEmpty }

    static let all = [sft, ppo, fleet]

    /// The name of the dataset: 64 sums of one length.
    static let dataset = "sums"

    static let examples = (10..<18).flatMap { a in
        (10..<18).map { b in PostgresJSON(text: #"{"prompt": "\#(a)+\#(b)=?", "answer": "\#(a + b)"}"#) }
    }

    /// 16 rows of 16 tokens make a batch, so that 4 steps are an epoch.
    static let sft = KilledTraining(
        name: "train.sft", kind: "train.sft", steps: 600, checkpointEvery: 10, boundaryEvery: 20,
        settings: """
            "tokens_per_batch": 256, "warm_up_steps": 10, "learning_rate": 0.01, "seed": 7, "model": {
                "model_type": "llama", "vocab_size": 258, "hidden_size": 48, "intermediate_size": 96,
                "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 64,
                "tie_word_embeddings": true, "eos_token_id": 256, "pad_token_id": 257}
            """, startsFromModel: false)

    /// 8 of 64 prompts a step, so that 8 steps are an epoch. Its limits are off: it is not to stop by itself.
    static let ppo = KilledTraining(
        name: "train.ppo", kind: "train.ppo", steps: 48, checkpointEvery: 4, boundaryEvery: 8,
        settings: reinforcement, startsFromModel: true)

    /// The same on answers that workers sample one step ahead, in four jobs a step.
    static let fleet = KilledTraining(
        name: "train.ppo.fleet", kind: "train.ppo", steps: 48, checkpointEvery: 4, boundaryEvery: 8,
        settings: reinforcement, startsFromModel: true,
        members: #""rollouts": {"through": "queue", "staleness": 1, "answers_per_job": 8}, "#)

    private static let reinforcement =
        """
        "prompts_per_step": 8, "samples_per_prompt": 4, "max_new_tokens": 12, "answers_per_update": 16, "seed": 3,
        "divergence": {"target": {"divergence": 2, "horizon": 1000}},
        "limits": {"ratio": null, "divergence": null, "entropy_share": null, "length_factor": null,
            "zero_variance_share": null, "score_drop": null}
        """

    /// The payload of a job.
    func payload(startingFrom checkpoint: Int64?) -> PostgresJSON {
        let start = startsFromModel ? checkpoint.map { #""initial_checkpoint": \#($0), "# } ?? "" : ""
        return PostgresJSON(
            text: """
                {"dataset": "\(Self.dataset)", "model": "survivor", \(start)\(members)"checkpoint_every": \(checkpointEvery),
                    "configuration": {"steps": \(steps), \(settings)}}
                """)
    }
}
