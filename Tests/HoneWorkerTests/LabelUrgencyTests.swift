import Foundation
import HonePostgres
import HoneQueue
import HoneTesting
import Testing

@testable import HoneWorker

@Suite(.temporaryDatabase) struct LabelUrgencyTests {
    @Test func aRareShapeAndAnswersThatDisagreeAreUrgent() {
        let shapes = ["#+#": 1000, "#-#": 100, "#*#": 1]
        let both = LabelUrgency(.init(), shapes: shapes)
        #expect(both.rarity(of: "#+#") == 0)
        #expect(abs(both.rarity(of: "#-#") - 1.0 / 3) < 1e-12)
        #expect(both.rarity(of: "#*#") == 1 && both.rarity(of: "never seen") == 1)
        #expect(LabelUrgency.disagreement(["1", "1", "1", "1"]) == 0)
        #expect(LabelUrgency.disagreement(["1", "2", "3", nil]) == 1)
        #expect(abs(LabelUrgency.disagreement(["1", "1", "2", "2"]) - 0.5) < 1e-12)
        #expect(LabelUrgency.disagreement(["1"]) == 0)
        #expect(both.band(shape: "#+#", results: ["1", "1"]) == 0)
        #expect(both.band(shape: "#+#", results: ["1", "2"]) == 2)
        #expect(both.band(shape: "#*#", results: ["1", "2"]) == 3)
        let rarity = LabelUrgency(.init(rarity: 1, disagreement: 0), shapes: shapes)
        #expect(rarity.band(shape: "#+#", results: ["1", "2"]) == 0)
        #expect(rarity.band(shape: "#*#", results: ["1", "1"]) == 3)
        #expect(LabelUrgency(.init(rarity: 0, disagreement: 0), shapes: shapes).band(shape: "#*#", results: []) == 0)
    }

    @Test func theSampleStageAsksAboutRareShapesFirst() async throws {
        let floor = try await GateFloor()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let checkpoint = try await floor.train(on: "twos", steps: 2)
        try await floor.pool.query(
            """
            SELECT hone.ingest('mixed', ARRAY(
                SELECT jsonb_build_object('prompt', p, 'answer', '1', 'split', 'train') FROM unnest(ARRAY[
                    '1+1=?', '1+2=?', '1+3=?', '1+4=?', '1+5=?', '1+6=?', '1+7=?', '3*4=?']) p))
            """)
        let job = try await JobQueue(floor.pool).enqueue(
            "sample",
            payload: PostgresJSON(
                text: """
                    {"checkpoint": \(checkpoint), "dataset": "mixed", "samples": 3, "max_new_tokens": 4, "seed": 1,
                     "label": {"kinds": ["preference"], "per_prompt": 1, "gold": 5,
                               "order": {"rarity": 1, "disagreement": 0}}}
                    """))
        try await floor.worker.runUntilIdle()
        let error: String? = try await floor.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self)
        try #require(error == nil, "\(error ?? "")")
        let first: String = try await floor.pool.one(
            "SELECT question ->> 'prompt' FROM hone.label_next('anna')")
        #expect(first == "3*4=?", "the only product is the last example and the first question")
    }

    @Test(arguments: [
        (#"{"kinds": ["rating"], "gold": 5}"#, "of preferences and steps alone"),
        (#"{"kinds": ["steps"], "gold": -2}"#, "must be between 0 and 100000"),
        (#"{"kinds": ["steps"], "order": {"rarity": -1}}"#, "has a weight below 0"),
        (#"{"kinds": ["steps"], "order": {"rareness": 1}}"#, "is not an option here"),
    ])
    func whatCannotBeMeantIsRefusedByItsKey(label: String, message: String) async throws {
        let database = try TemporaryDatabase.current
        let worker = LocalWorker(database)
        defer { #expect(throws: Never.self) { try worker.removeArtifacts() } }
        let job = try await JobQueue(database.pool).enqueue(
            "sample",
            payload: PostgresJSON(
                text: #"{"checkpoint": 1, "dataset": "d", "samples": 2, "label": \#(label)}"#))
        try await worker.runUntilIdle()
        let error: String = try await database.pool.one(
            "SELECT error FROM hone.job_status WHERE id = \(job) AND state = 'failed'")
        #expect(error.contains(message), "\(error)")
    }
}
