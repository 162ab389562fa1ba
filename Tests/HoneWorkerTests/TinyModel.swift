import Foundation
import HoneArtifacts
import HonePostgres
import HoneQueue
import HoneTesting
import HoneWorker
import Logging

/// A pipeline that trains a network too small to learn anything, in a second or two.
enum TinyModel {
    /// The payload of `train.sft`.
    static func training(
        steps: Int, checkpointEvery: Int = 5, dataset: String = "tiny", model: String = "tiny", width: Int = 16
    ) -> String {
        """
        {"dataset": "\(dataset)", "model": "\(model)", "checkpoint_every": \(checkpointEvery), "configuration": {
            "steps": \(steps), "tokens_per_batch": 256, "warm_up_steps": 2, "seed": 7,
            "model": {"model_type": "llama", "vocab_size": 258, "hidden_size": \(width),
                "intermediate_size": \(2 * width), "num_hidden_layers": 1, "num_attention_heads": 2,
                "max_position_embeddings": 256, "tie_word_embeddings": false, "eos_token_id": 256,
                "pad_token_id": 257}}}
        """
    }

    static let ingest = """
        {"dataset": "tiny", "generate": {"seed": 1, "levels": [1, 2], "train_count": 40, "test_count": 8}}
        """

    /// The whole loop as a pipeline of the name "tiny".
    static func pipeline(require: String = "{}", width: Int = 16) -> String {
        """
        {"name": "tiny", "params": {}, "stages": [
            {"name": "data", "kind": "ingest", "needs": [], "with": \(ingest)},
            {"name": "train", "kind": "train.sft", "needs": ["data"], "with": \(training(steps: 6, width: width))},
            {"name": "evaluate", "kind": "evaluate", "needs": ["train"], "with": {
                "checkpoint": "${train.checkpoint}", "dataset": "${data.dataset}", "max_new_tokens": 8}},
            {"name": "gate", "kind": "gate", "needs": ["evaluate"], "with": {
                "model": "${train.model}", "checkpoint": "${train.checkpoint}",
                "evaluation": "${evaluate.evaluation}", "require": \(require)}},
            {"name": "promote", "kind": "promote", "needs": ["gate"], "with": {
                "model": "tiny", "checkpoint": "${gate.checkpoint}"}}]}
        """
    }

    /// Defines the pipeline and starts a run of it.
    static func start(require: String = "{}", width: Int = 16, in pool: PostgresPool) async throws -> Int64 {
        let definition = PostgresJSON(text: pipeline(require: require, width: width))
        try await pool.query("SELECT hone.define_pipeline(\(definition))")
        return try await pool.query("SELECT hone.run_pipeline('tiny') AS run")[0].decode("run")
    }
}

/// A worker inside the test process.
struct LocalWorker {
    let pool: PostgresPool
    let artifacts: URL
    /// Of jobs that want a process for it; the test's own program is none.
    var verifier = VerifierProcess(command: ["/bin/false"])
    /// Models that servers elsewhere answer with.
    var engines = EnginesFile()

    init(_ database: TemporaryDatabase) {
        pool = database.pool
        artifacts = FileManager.default.temporaryDirectory.appending(path: "hone-worker-tests-\(UUID().uuidString)")
    }

    /// Works until nothing is left to do.
    func runUntilIdle() async throws {
        try await service(stopsWhenIdle: true).run()
    }

    func service(stopsWhenIdle: Bool) throws -> WorkerService {
        var configuration = WorkerConfiguration(name: "test")
        configuration.stopsWhenIdle = stopsWhenIdle
        let resources = WorkerResources(
            pool: pool, store: try ArtifactStore(root: artifacts), threads: 1, codeVersion: "test",
            verifier: verifier, engines: engines)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return try WorkerService(
            pool: pool, configuration: configuration, handlers: HandlerRegistry.handlers(resources), logger: logger)
    }

    func removeArtifacts() throws {
        try FileManager.default.removeItem(at: artifacts)
    }
}
