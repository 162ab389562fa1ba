import ArgumentParser
import HoneFeedback

/// `hone label gold`: questions whose answer is known, and what they tell of labellers.
struct LabelGold: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gold",
        abstract: "Mixes questions whose answer is known into what labellers are asked, and shows how they do.",
        discussion: """
            EXAMPLES
              hone label gold draw preference --checkpoint 12 --count 50
              hone label gold add expert.jsonl
              hone label gold rule --share 0.05 --minimum-accuracy 0.75 --minimum-count 30
              hone label gold accuracy
              hone label gold retire 318

            Nothing that a labeller sees tells gold from other questions. Who is too often wrong on it is left out of
            freezes, with the reason in the freeze's record.
            """,
        subcommands: [GoldDraw.self, GoldAdd.self, GoldRule.self, GoldAccuracy.self, GoldRetire.self])
}

/// Of whom gold questions are asked, and of how many.
struct GoldAudience: ParsableArguments {
    @Option(help: "Who is asked: person, simulated or verifier.")
    var source = LabelSource.person

    @Option(help: "Of how many labellers each question is asked at most.")
    var labellers = 100

    func validate() throws {
        guard (1...100).contains(labellers) else { throw ValidationError("--labellers \(labellers): give 1 to 100.") }
    }
}

/// How many gold questions a command made.
struct NewGoldLine: Encodable {
    let questions: Int

    var text: String { "\(questions) new gold questions" }
}
