import Foundation
import HoneArtifacts
import HoneModel
import HonePostgres
import HoneQueue
import HoneTensor
import HoneTesting
import HoneTokenizer
import Testing

@testable import HoneWorker

@Suite(.temporaryDatabase) struct ImportTests {
    @Test(.timeLimit(.minutes(3)))
    func `an imported model is gated, served to reason jobs in turns, and exported as it came`() async throws {
        let floor = try await ImportFloor()
        defer { #expect(throws: Never.self) { try floor.remove() } }
        let imported = try await floor.importing()
        #expect(imported.kind == "qwen3" && imported.layout == "chat")
        #expect(imported.notes.count == 1 && imported.notes[0].contains("temperature 0.7"), "\(imported.notes)")

        let origin = try await floor.pool.query(
            """
            SELECT config ->> 'imported_from' AS source, config ->> 'sha256' AS digest, job_id FROM hone.checkpoints
            """)[0]
        #expect(try origin.decode("source", as: String.self) == floor.directory)
        #expect(try origin.decode("digest", as: String.self) == imported.sha256)
        #expect(try origin.decode("job_id", as: Int64?.self) == nil)

        #expect(try await floor.gate(imported.checkpoint) == nil)
        try await floor.pool.query("SELECT hone.promote('qwen', \(imported.checkpoint))")
        let job = try await floor.run(
            "reason", #"{"prompt": "\#(floor.expected.prompt)", "model": "qwen", "max_new_tokens": 24}"#)
        let sample = try await floor.pool.query("SELECT token_ids, text FROM hone.samples WHERE job_id = \(job)")[0]
        #expect(try sample.decode("token_ids", as: [Int32].self) == floor.expected.answer)
        #expect(try sample.decode("text", as: String.self) == floor.expected.text)

        let long = String(repeating: "apples and ", count: 60)
        let refused = try await floor.run("reason", #"{"prompt": "\#(long)", "max_new_tokens": 6}"#)
        let error: String = try await floor.pool.one("SELECT error FROM hone.job_status WHERE id = \(refused)")
        #expect(error.contains("tokens and the model's context 128"), "\(error)")
        let cut = try await floor.run("reason", #"{"prompt": "\#(long)", "max_new_tokens": 6, "truncate": true}"#)
        #expect(try await floor.pool.one("SELECT state FROM hone.job_status WHERE id = \(cut)") == "succeeded")

        let target = floor.root + "/exported"
        let written = try await ModelExport(session: floor.pool, store: floor.store()).run(
            "qwen", checkpoint: nil, to: target)
        #expect(written.checkpoint == imported.checkpoint)
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
            let paths = [floor.directory, target].map { $0 + "/" + name }
            #expect(FileManager.default.contentsEqual(atPath: paths[0], andPath: paths[1]))
        }
        let ids = Tensor([[1, 2, 3, 4]])
        let models = try [floor.directory, target].map { try CausalLanguageModel.load(directory: $0) }
        #expect(models[0](ids).equals(models[1](ids)))
        await #expect(throws: WorkerError.self) {
            _ = try await ModelExport(session: floor.pool, store: floor.store()).run(
                "qwen", checkpoint: nil, to: target)
        }
    }

    @Test func `what cannot be imported is one error that names the file, and nothing is recorded`() async throws {
        let floor = try await ImportFloor()
        defer { #expect(throws: Never.self) { try floor.remove() } }
        let cases: [(name: String, change: (String) throws -> Data, words: String)] = [
            ("config.json", { Data($0.replacing("\"silu\"", with: "\"gelu\"").utf8) }, "hidden_act"),
            (
                "config.json", { Data($0.replacing("\"vocab_size\": 576", with: "\"vocab_size\": 575").utf8) },
                "config.json"
            ),
            ("tokenizer.json", { Data($0.replacing("\"BPE\"", with: "\"Unigram\"").utf8) }, "model.type"),
            ("tokenizer.json", { Data($0.dropLast(9).utf8) }, "tokenizer.json"),
            ("chat_template.jinja", { Data(($0 + "\n{% include 'tools' %}").utf8) }, "the tag 'include'"),
            ("chat_template.jinja", { _ in Data("{{ raise_exception('only tools') }}".utf8) }, "only tools"),
            ("generation_config.json", { _ in Data(#"{"num_beams": 4}"#.utf8) }, "'num_beams' is 4"),
            ("generation_config.json", { _ in Data("[".utf8) }, "generation_config.json"),
        ]
        for (name, change, words) in cases {
            let path = URL(filePath: floor.directory + "/" + name)
            let intact = try Data(contentsOf: path)
            try change(String(decoding: intact, as: UTF8.self)).write(to: path)
            let error = await #expect(throws: (any Error).self, "\(words)") { _ = try await floor.importing() }
            #expect(error.map { "\($0)" }?.contains(words) == true, "\(error.map { "\($0)" } ?? "")")
            try intact.write(to: path)
        }
        let weights = floor.directory + "/model.safetensors"
        var state = try Safetensors.read(weights)
        state["model.norm.weight"] = Tensor([Float](repeating: .nan, count: 8))
        try Safetensors.write(state, to: weights)
        let error = await #expect(throws: ModelError.self) { _ = try await floor.importing() }
        #expect(error?.description.contains("NaN") == true)
        await #expect(throws: WorkerError.self) { _ = try await floor.importing(name: "no@name") }
        #expect(try await floor.pool.one("SELECT count(*) FROM hone.checkpoints") == 0)
    }
}

/// A directory as Hugging Face's libraries wrote it, and a worker.
private struct ImportFloor {
    let worker: LocalWorker
    let pool: PostgresPool
    let root: String
    let directory: String
    let expected: Expected

    /// What transformers answers in a conversation; `Tests/Oracles/imported_model_fixtures.py` writes it.
    struct Expected: Decodable {
        let prompt: String
        let ids: [Int32]
        let answer: [Int32]
        let text: String
    }

    init() async throws {
        let database = try TemporaryDatabase.current
        worker = LocalWorker(database)
        pool = database.pool
        root = FileManager.default.temporaryDirectory.appending(path: "hone-import-\(UUID().uuidString)").path
        directory = root + "/source"
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/imported/instruct")
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: fixtures.path, toPath: directory)
        expected = try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: fixtures.appending(path: "expected.json")))
        try await pool.query(
            """
            SELECT hone.ingest('sums', ARRAY[jsonb_build_object('prompt', '1+1=?', 'answer', '2', 'split', 'test')])
            """)
    }

    func store() throws -> ArtifactStore { try ArtifactStore(root: worker.artifacts) }

    func importing(name: String = "qwen") async throws -> ImportedModel {
        try await ModelImport(pool: pool, store: store()).run(directory: directory, name: name, layout: nil)
    }

    /// Runs one job to its end.
    func run(_ kind: String, _ payload: String) async throws -> Int64 {
        let job = try await JobQueue(pool).enqueue(kind, payload: PostgresJSON(text: payload))
        try await worker.runUntilIdle()
        return job
    }

    /// Why the gate on a first model stayed closed; nil if it opened.
    func gate(_ checkpoint: Int64) async throws -> String? {
        let job = try await run(
            "gate",
            #"{"model": "qwen", "checkpoint": \#(checkpoint), "target": {"dataset": "sums"}, "max_new_tokens": 4}"#)
        return try await pool.one("SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: root)
        try worker.removeArtifacts()
    }
}
