import ArgumentParser
import HoneFeedback

/// `hone label gold retire`: takes back a gold question that was no good.
struct GoldRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Takes a gold question back: it is asked no more, and its answers count for nobody.",
        discussion: """
            EXAMPLES
              hone label gold retire 318

            SELECT task_id, count(*) FILTER (WHERE is_right), count(*) FROM hone.gold_answers GROUP BY 1; shows which
            questions good labellers fail.
            """)

    @Argument(help: "The question's label task.")
    var task: Int64

    @OptionGroup var options: GlobalOptions

    private struct Line: Encodable {
        let task: Int64
        let retired: Bool
    }

    func run() async throws {
        try await options.withDatabase { connection in try await GoldQuestions.retire(task, in: connection) }
        try options.console.emit(Line(task: task, retired: true), text: "gold question \(task) is retired")
    }
}
