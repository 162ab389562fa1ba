import ArgumentParser
import Foundation
import HoneFeedback
import HonePostgres

/// `hone label submit`: records a judgement and completes its slot.
struct LabelSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Records the judgement on a slot that 'hone label next' or 'hone label undo' gave.",
        discussion: """
            EXAMPLES
              hone label submit 42 --fence 77 --prefer left --strength 3
              hone label submit 43 --fence 78 --ratings=1,0,-1
              hone label submit 44 --fence 79 --rating 4
              hone label submit 45 --fence 80 --step '17+25=42' --answer 42
              hone label submit 46 --fence 81 --judgement '{"choice":"tie","comment":"same text"}'

            Ratings of steps are 1 right, 0 neutral, -1 wrong; they may end at the first wrong one.
            Saying the same twice records it once.
            """)

    @Argument(help: "The slot, which is a job.")
    var job: Int64

    @Option(help: "The fencing token that came with it.")
    var fence: Int64

    @Option(help: "The judgement as JSON.")
    var judgement: String?

    @Option(help: "The better side as shown: left, right, tie, or neither if both are bad.")
    var prefer: Judgement.Choice?

    @Option(help: "How much better, from 1 to 4.")
    var strength: Int?

    @Option(help: ArgumentHelp("One rating a step.", valueName: "1,0,-1"), transform: ratings(in:))
    var ratings: [Int]?

    @Option(help: "From 1 to 5.")
    var rating: Int?

    @Option(name: .customLong("step"), help: "A line of the corrected answer; may be repeated.")
    var steps: [String] = []

    @Option(help: "The corrected final answer.")
    var answer: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        let forms = [judgement != nil, prefer != nil, ratings != nil, rating != nil, answer != nil]
        guard forms.count(where: \.self) == 1 else {
            throw ValidationError("Give one of --judgement, --prefer, --ratings, --rating and --answer.")
        }
        if strength != nil, prefer == nil { throw ValidationError("--strength belongs to --prefer.") }
        if !steps.isEmpty, answer == nil { throw ValidationError("--step belongs to --answer.") }
    }

    func run() async throws {
        let json = try PostgresJSON(judgement: judgement, else: given)
        let label = try await options.withDatabase { connection in
            try await LabelDesk(labeller: "", session: connection).submit(json, for: LabelSlot(job: job, fence: fence))
        }
        try options.console.emit(SubmittedLine(label: label, job: job), text: "label \(label)")
    }

    private var given: Judgement {
        if let prefer { return .preference(prefer, strength: strength) }
        if let ratings { return .steps(ratings) }
        if let rating { return .rating(rating) }
        return .correction(steps: steps, answer: answer ?? "")
    }
}

extension PostgresJSON {
    /// - Throws: `CommandError.badJudgement` for a text that is no JSON object.
    fileprivate init(judgement text: String?, else given: Judgement) throws {
        guard let text else {
            self = try PostgresJSON(encoding: given)
            return
        }
        do {
            guard try JSONSerialization.jsonObject(with: Data(text.utf8)) is [String: Any] else {
                throw CommandError.badJudgement(reason: "it is JSON, but no object")
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError.badJudgement(reason: "it is no JSON")
        }
        self.init(text: text)
    }
}

private func ratings(in text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
        guard let rating = Int(word), (-1...1).contains(rating) else {
            throw ValidationError("'\(word)' is no rating; ratings are 1, 0 and -1, with commas between them.")
        }
        return rating
    }
}
