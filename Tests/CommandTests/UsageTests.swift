import Testing

@Suite struct UsageTests {
    @Test(arguments: [
        [], ["dev"], ["doctor"], ["migrate"], ["enqueue"], ["jobs"], ["jobs", "list"], ["jobs", "show"],
        ["jobs", "logs"], ["jobs", "metrics"], ["jobs", "plot"],
        ["jobs", "cancel"], ["jobs", "retry"], ["jobs", "wait"], ["pipeline"], ["pipeline", "list"],
        ["pipeline", "validate"], ["pipeline", "run"], ["pipeline", "status"], ["pipeline", "graph"], ["ingest"],
        ["dataset"], ["dataset", "list"], ["dataset", "show"], ["dataset", "export"], ["model"], ["model", "list"],
        ["model", "show"], ["model", "promote"], ["model", "rollback"], ["model", "lineage"], ["model", "quarantine"],
        ["model", "release"], ["model", "import"], ["model", "export"],
        ["label", "gold"], ["label", "gold", "draw"], ["label", "gold", "add"],
        ["label", "gold", "rule"], ["label", "gold", "accuracy"], ["label", "gold", "retire"],
    ])
    func everyCommandExplainsItselfWithExamples(_ command: [String]) async throws {
        let help = try await HoneProgram.run(words: command + ["--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("EXAMPLES"))
        #expect(help.output.contains("hone " + command.joined(separator: " ")))
    }

    @Test(arguments: [
        ["nonsense"], ["enqueue"], ["enqueue", "noop", "--count", "0"], ["enqueue", "noop", "--priority", "high"],
        ["enqueue", "noop", "--priority", "99999999999"], ["enqueue", "noop", "--payload", "{}", "--file", "x"],
        ["jobs", "wait"], ["jobs", "show", "one"],
        ["jobs", "plot", "1", "--out", "x.gif"], ["jobs", "plot", "--out", "x.svg"], ["jobs", "plot", "1"],
        ["jobs", "plot", "1", "--out", "x.svg", "--smooth", "0"],
        ["jobs", "metrics", "1", "--jsonl", "--tensorboard", "d"],
        ["ingest", "x", "--dataset", "d", "--format", "pdf"], ["pipeline", "run", "x", "--param", "novalue"],
        ["model", "promote", "tiny"], ["model", "promote", "tiny@x"],
        ["model", "promote", "tiny@1", "--canary", "100"], ["model", "release", "tiny@1"], ["model", "import"],
        ["model", "import", "directory"], ["model", "export", "tiny"], ["model", "export", "tiny@x", "directory"],
        ["label", "gold", "draw", "steps"], ["label", "gold", "rule", "--share", "2"],
    ])
    func wrongUsageExitsWith2(_ words: [String]) async throws {
        try await HoneProgram.run(words: words).expectFailure(2, saying: "Error:")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreWrittenForEveryShell(_ shell: String) async throws {
        let script = try await HoneProgram.run("--generate-completion-script", shell)
        #expect(script.status == 0)
        #expect(script.output.contains("rollback"))
    }

    @Test func withoutADatabaseTheErrorSaysHowToStartOne() async throws {
        try await HoneProgram.run("jobs", "list").expectFailure(saying: "hone dev", "HONE_DATABASE_URL")
    }

    @Test func aURLThatIsNoneIsNamed() async throws {
        try await HoneProgram.run("jobs", "list", database: "postgresql://[half").expectFailure(saying: "database URL")
    }

    @Test func aServerThatDoesNotAnswerIsNamed() async throws {
        try await HoneProgram.run("jobs", "list", database: "postgresql://nobody@127.0.0.1:1/none")
            .expectFailure(saying: "127.0.0.1:1", "refused")
    }
}
