import Foundation
import HoneCatalog
import HonePostgres
import HoneQueue
import HoneTesting
import HoneTraining
import Testing

@testable import HoneWorker

/// A verifier that answers as its question says: it really hangs, dies, and talks nonsense.
private enum FickleVerifier {
    static let script = #"""
        echo "$$" >>"$1"
        echo '{"ready": true}'
        while read -r line; do
            case "$line" in
                *hang*) sleep 1000 ;;
                *spin*) while :; do :; done ;;
                *die*) exit 3 ;;
                *nonsense*) echo 'perhaps' ;;
                *flood*) head -c 200000 /dev/zero | tr '\0' x ;;
                *wrong*) echo '{"verdict": "wrong", "reason": "says so"}' ;;
                *) echo '{"verdict": "correct"}' ;;
            esac
        done
        """#

    static func start(notingIn file: URL) -> VerifierProcess {
        VerifierProcess(command: ["/bin/sh", "-c", script, "verifier", file.path], startLimit: .seconds(20))
    }
}

@Suite struct VerifierTests {
    private let notes = FileManager.default.temporaryDirectory.appending(path: "hone-verifier-\(UUID().uuidString)")

    /// Far more than an answer takes on the busiest machine.
    private static let limit = Duration.seconds(2)

    private func pids() throws -> [pid_t] {
        try String(contentsOf: notes, encoding: .utf8).split(separator: "\n").compactMap { pid_t($0) }
    }

    private func verdict(_ check: AnswerCheck, _ completion: String, references: [String] = ["1"]) -> RewardVerdict {
        check.verdict(on: completion, prompt: "?", references: references)
    }

    @Test(arguments: [
        ("hang", "took longer than 2.0 seconds and was killed"), ("spin", "took longer than"),
        ("die", "ended while it was at this answer"), ("nonsense", "something else than a verdict: perhaps"),
        ("flood", "a line without end"),
    ])
    func `T35: a verifier that fails or is late gives no reward, and is a new one for the next answer`(
        way: String, cause: String
    ) throws {
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: notes) } }
        let check = AnswerCheck(external: (FickleVerifier.start(notingIn: notes), Self.limit))
        #expect(verdict(check, "fine") == .scored(1))
        #expect(verdict(check, "wrong") == .scored(0))
        guard case .unscorable(let reason) = verdict(check, way) else {
            Issue.record("a score for an answer at which the verifier failed")
            return
        }
        #expect(reason.contains(cause), "\(reason)")
        #expect(verdict(check, "fine") == .scored(1))
        let pids = try pids()
        #expect(pids.count == 2 && kill(pids[0], 0) != 0 && kill(pids[1], 0) == 0)
    }

    @Test func `T35: an answer that one reference fails at and another finds wrong has no score`() throws {
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: notes) } }
        let check = AnswerCheck(external: (FickleVerifier.start(notingIn: notes), Self.limit))
        #expect(verdict(check, "x", references: ["wrong", "1"]) == .scored(1))
        #expect(verdict(check, "wrong", references: ["die", "2"]) == .unscorable(reason: "\(VerifierFault.ended)"))
    }

    @Test func aVerifierThatCannotBeStartedGivesNoReward() {
        for command in [["/no/such/program"], ["/bin/false"], ["/bin/sh", "-c", "sleep 1000"]] {
            let verifier = VerifierProcess(command: command, startLimit: .milliseconds(200))
            let check = AnswerCheck(external: (verifier, .seconds(1)))
            guard case .unscorable(let reason) = verdict(check, "fine") else {
                Issue.record("a score by \(command)")
                continue
            }
            #expect(reason.contains("verifier"), "\(reason)")
        }
    }

    @Test func theWorkersOwnVerifierIsTheExactChecker() throws {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "hone-worker").path
        let check = AnswerCheck(external: (VerifierProcess(command: [program, "verify"]), .seconds(30)))
        for completion in ["1+1=2\n#### 2", "#### 3", "two", "#### 2)", "#### 4/2", "\0\u{FFFD}\n#### 2"] {
            #expect(
                verdict(check, completion, references: ["2"]) == verdict(.exact, completion, references: ["2"]),
                "\(completion)")
        }
    }
}

/// Jobs whose answers are verified by a process that hangs at some of them.
@Suite(.temporaryDatabase) struct VerifiedJobTests {
    private let notes = FileManager.default.temporaryDirectory.appending(path: "hone-verifier-\(UUID().uuidString)")

    /// Whoever asks about this prompt waits for ever.
    private func verifier() -> VerifierProcess {
        let script = FickleVerifier.script.replacing("*hang*", with: #"*47+twos*"#)
        return VerifierProcess(command: ["/bin/sh", "-c", script, "verifier", notes.path])
    }

    @Test(.timeLimit(.minutes(4)), arguments: ["process", "queue"])
    func `T35: a training leaves out what its verifier hangs at, wherever it samples`(place: String) async throws {
        var floor = try await GateFloor()
        floor.worker.verifier = verifier()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        let start = try await floor.train(on: "twos", steps: 250)
        let job = try await JobQueue(floor.pool).enqueue(
            "train.ppo",
            payload: PostgresJSON(
                text: """
                    {"dataset": "twos", "model": "tiny", "initial_checkpoint": \(start), "checkpoint_every": 2,
                        "rollouts": {"through": "\(place)"}, "reward": {"verifier_limit_ms": 2000},
                        "configuration": {"steps": 2, "prompts_per_step": 20, "samples_per_prompt": 1,
                            "max_new_tokens": 8, "limits": {}, "seed": 3}}
                    """))
        try await floor.worker.runUntilIdle()
        #expect(
            try await floor.pool.one("SELECT error FROM hone.job_status WHERE id = \(job)", as: String?.self) == nil)
        // All 40 prompts of the split once: the others are right.
        let rows = try await floor.pool.query(
            """
            SELECT sum(value) FILTER (WHERE name = 'unscorable') AS unscorable,
                min(value) FILTER (WHERE name = 'reward') AS reward
            FROM hone.metrics WHERE job_id = \(job)
            """)
        #expect(try rows[0].decode("unscorable", as: Double.self) == 1)
        #expect(try rows[0].decode("reward", as: Double.self) == 1)
    }

    @Test func `T35: an answer that the verifier hangs at is on record as unscorable, with the cause`() async throws {
        var floor = try await GateFloor()
        floor.worker.verifier = verifier()
        defer { #expect(throws: Never.self) { try floor.worker.removeArtifacts() } }
        try await floor.serve(try await floor.train(on: "twos", steps: 5))
        let jobs = try await JobQueue(floor.pool).enqueue(
            "reason",
            payloads: ["47+twos=?", "48+twos=?"].map { prompt in
                PostgresJSON(text: #"{"prompt": "\#(prompt)", "answer": "2", "verifier_limit_ms": 2000}"#)
            })
        try await floor.worker.runUntilIdle()
        let results = try await floor.pool.query(
            """
            SELECT s.verdict, r.result ->> 'fault' AS fault FROM hone.samples s JOIN hone.results r USING (job_id)
            WHERE job_id = ANY (\(jobs)) ORDER BY job_id
            """)
        #expect(try results.map { try $0.decode("verdict", as: String.self) } == ["unscorable", "correct"])
        #expect(try results[0].decode("fault", as: String.self).contains("took longer than 2.0 seconds"))
        #expect(try results[1].decode("fault", as: String?.self) == nil)
    }
}
