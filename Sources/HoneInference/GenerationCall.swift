import Synchronization

/// One caller's requests, which an engine answers together with those of others.
final class GenerationCall: Sendable {
    typealias Outcome = Result<[GenerationResult], any Error>

    let questions: Questions
    let onStep: @Sendable (GenerationProgress) throws -> Void
    let isWanted: @Sendable (_ request: Int) -> Bool
    private let state = Mutex(State())

    private struct State {
        var isCancelled = false
        var outcome: Outcome?
    }

    init(
        _ questions: Questions, onStep: @escaping @Sendable (GenerationProgress) throws -> Void,
        isWanted: @escaping @Sendable (_ request: Int) -> Bool
    ) {
        self.questions = questions
        self.onStep = onStep
        self.isWanted = isWanted
    }

    /// What its caller gets, once it has ended.
    var outcome: Outcome? { state.withLock { $0.outcome } }

    func end(with outcome: Outcome) { state.withLock { $0.outcome = outcome } }

    /// Has it end before the next step.
    func cancel() { state.withLock { $0.isCancelled = true } }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
}

/// Calls that are to be answered from the next step on.
final class CallQueue: Sendable {
    private let calls = Mutex<[GenerationCall]>([])

    func append(_ call: GenerationCall) { calls.withLock { $0.append(call) } }

    func takeAll() -> [GenerationCall] {
        calls.withLock { calls in
            defer { calls = [] }
            return calls
        }
    }
}
