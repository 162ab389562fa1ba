import HonePostgres
import HoneTesting
import Testing

@testable import HoneFeedback

@Suite(.temporaryDatabase) struct LabelOrderTests {
    private func desk(_ name: String) throws -> LabelDesk {
        LabelDesk(labeller: name, session: try TemporaryDatabase.current.pool)
    }

    @Test func whatIsUrgentIsAskedFirst() async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(6, in: pool)
        var request = LabelRequest(.preference, dataset: "sums")
        request.urgency = ["5+1=?": 3, "2+1=?": 1, "no question of these": 2]
        #expect(try await LabelFixture.create(request, in: pool) == 6)
        var asked: [String] = []
        while let question = try await desk("anna").next() {
            asked.append(question.prompt)
            try await desk("anna").submit(.preference(.tie, strength: nil), for: question.slot)
        }
        #expect(asked == ["5+1=?", "2+1=?", "1+1=?", "3+1=?", "4+1=?", "6+1=?"])
        try await pool.expectSoundLabels()
    }

    @Test(arguments: [#"{"1+1=?": "x"}"#, #"{"1+1=?": 1.5}"#, #"{"1+1=?": 1e30}"#, #"{"1+1=?": null}"#, "[3]"])
    func anUrgencyThatIsNoWholeNumberIsRefused(_ urgency: String) async throws {
        let pool = try TemporaryDatabase.current.pool
        try await LabelFixture.samples(1, in: pool)
        await expectRefusal("HN003") {
            try await pool.execute(
                "SELECT hone.create_label_tasks('rating', dataset => 'sums', urgency => \(urgency)::text::jsonb)")
        }
    }
}
