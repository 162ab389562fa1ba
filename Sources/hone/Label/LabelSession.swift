import AsyncAlgorithms
import HoneFeedback
import HonePostgres
import HoneProblems

/// One sitting of a labeller: takes a slot, reads keys until it is judged or skipped, and takes the next. At the end
/// it gives back what it holds.
struct LabelSession {
    let desk: LabelDesk
    let keyboard: Keyboard
    let screen: LabelScreen
    let kinds: [LabelKind]?
    let lease: Duration
    /// Whether to wait for tasks when there are none.
    let waits: Bool

    private enum Answer {
        case judgement(Judgement)
        case skip(reason: String)
        case undo
        case keep
        case leave
    }

    /// - Returns: How many labels it recorded.
    func run() async throws -> Int {
        let start = try await desk.progress(kinds)
        var recorded: [Int64] = []
        while let question = try await nextQuestion() {
            let state = Self.state(start, recorded.count)
            guard try await handle(question, state: state, &recorded) else {
                try await desk.release(question.slot)
                break
            }
        }
        return recorded.count
    }

    /// Counted at the start of the sitting, and on from there.
    private static func state(_ start: LabelProgress, _ recordedCount: Int) -> String {
        let open = start.openSlots > 10_000 ? "over 10000" : "\(max(0, start.openSlots - recordedCount))"
        return "\(start.labelled + recordedCount) labelled, \(start.today + recordedCount) today, \(open) open"
    }

    private func nextQuestion() async throws -> LabelQuestion? {
        if let question = try await desk.next(kinds, lease: lease) { return question }
        screen.say(waits ? "Nothing to label now; waiting, q leaves." : "Nothing to label now.")
        guard waits else { return nil }
        for await _ in AsyncTimerSequence(interval: .seconds(2), clock: .continuous) {
            if await keyboard.isAskedToLeave() { return nil }
            if let question = try await desk.next(kinds, lease: lease) { return question }
        }
        return nil
    }

    /// Shows a question until it is judged, skipped or left; `redone` says which recorded label is judged once more.
    /// - Returns: False to leave; a slot that is still held then is the caller's to give back.
    /// - Throws: What the database refuses for good.
    private func handle(
        _ question: LabelQuestion, state: String, redone: Int? = nil, _ recorded: inout [Int64]
    ) async throws -> Bool {
        while true {
            try screen.show(question, state: state)
            do {
                switch try await answer(question) {
                case .judgement(let judgement):
                    let label = try await desk.submit(judgement, for: question.slot)
                    if let redone { recorded[redone] = label } else { recorded.append(label) }
                    try screen.recorded(label, for: question)
                    return true
                case .skip where redone != nil:
                    screen.say("It has a label; judge it again, or k keeps what you said.")
                case .skip(let reason):
                    try await desk.skip(question.slot, reason: reason)
                    try screen.skipped(question)
                    return true
                case .undo:
                    guard try await undo((redone ?? recorded.count) - 1, &recorded) else { return false }
                case .keep:
                    if redone != nil { return true }
                case .leave:
                    return false
                }
            } catch let error as PostgresError where error.sqlState?.rawValue == "HN001" {
                screen.say("The lease ran out and the question is somebody else's now; on to the next.")
                return true
            } catch let error as PostgresError where error.sqlState?.rawValue == "HN003" {
                screen.say("\(Sentence(error))")
            }
        }
    }

    /// Asks an earlier question again while the present one waits.
    private func undo(_ index: Int, _ recorded: inout [Int64]) async throws -> Bool {
        guard index >= 0 else {
            screen.say("There is nothing before that in this sitting; 'hone label undo' opens your last label.")
            return true
        }
        do {
            let question = try await desk.undo(recorded[index])
            return try await handle(
                question, state: "once more; k keeps what you said", redone: index, &recorded)
        } catch let error as PostgresError where ["HN004", "HN005"].contains(error.sqlState?.rawValue) {
            screen.say("\(Sentence(error))")
            return true
        }
    }

    // MARK: - Keys

    private func answer(_ question: LabelQuestion) async throws -> Answer {
        var strength: Int?
        var ratings: [Int?] = []
        var lastRenewal = ContinuousClock.now
        let stepCount = question.answers.first?.steps.count ?? 0
        while let key = await keyboard.key() {
            if lastRenewal.duration(to: .now) > lease / 3 {
                lastRenewal = .now
                try await renew(question)
            }
            switch LabelKeys.action(key, kind: question.kind) {
            case .choose(let choice):
                let isSide = choice == .left || choice == .right
                return .judgement(.preference(choice, strength: isSide ? strength : nil))
            case .strength(let value):
                strength = value
                screen.say("strength \(value); now the side")
            case .rateStep(let rating):
                screen.step(ratings.count, of: stepCount, rated: rating)
                ratings.append(rating)
                if rating == -1 || ratings.count == stepCount { return .judgement(.steps(ratings)) }
            case .stepBack:
                if !ratings.isEmpty { ratings.removeLast() }
                screen.say("step \(ratings.count + 1) of \(stepCount) again")
            case .rate(let rating): return .judgement(.rating(rating))
            case .write:
                if let written = await correction() { return .judgement(written) }
            case .skip:
                if let reason = await reason() { return .skip(reason: reason) }
            case .undo: return .undo
            case .keep: return .keep
            case .quit: return .leave
            case .help: screen.say(LabelKeys.help)
            case nil: if key != .enter { screen.say(LabelKeys.line(question.kind)) }
            }
        }
        return .leave
    }

    /// A question that was undone has no lease to renew.
    private func renew(_ question: LabelQuestion) async throws {
        do {
            try await desk.renew(question.slot, lease: lease)
        } catch  where error.sqlState?.rawValue == "HN001" {
            // What is submitted under this fence says whether it still counts.
        }
    }

    private func reason() async -> String? {
        screen.say("Why? (one line; an empty one goes back)")
        guard let line = await keyboard.line(), !line.allSatisfy(\.isWhitespace) else { return nil }
        return line
    }

    private func correction() async -> Judgement? {
        screen.say("The steps, one a line, then '#### answer' (an empty line goes back):")
        var text = ""
        while let line = await keyboard.line(), !line.allSatisfy(\.isWhitespace) {
            text += line + "\n"
            let solution = StepGrammar.parse(text)
            if let answer = solution.answer { return .correction(steps: solution.steps, answer: answer) }
        }
        return nil
    }
}
