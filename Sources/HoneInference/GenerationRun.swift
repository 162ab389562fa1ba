/// What takes steps until all of its requests are answered.
protocol SteppedLoop {
    var isDone: Bool { get }
    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    mutating func drop(unless isWanted: (_ request: Int) -> Bool)
    mutating func advance() -> StepProgress
}

/// What came of one step.
struct StepProgress {
    /// The answers that are complete, with the positions of their requests.
    var finished: [(request: Int, result: GenerationResult)] = []
    /// New tokens.
    var tokenCount = 0
}

/// The results of one call, as they come.
struct GenerationRun {
    private(set) var results: [GenerationResult]
    private var finishedCount = 0
    private var tokenCount = 0

    init(requestCount: Int) { results = [GenerationResult](repeating: .nothing, count: requestCount) }

    /// Steps until the loop's requests are answered.
    mutating func finish(
        _ loop: inout some SteppedLoop, onStep: (GenerationProgress) throws -> Void,
        isWanted: (_ request: Int) -> Bool
    ) throws {
        loop.drop(unless: isWanted)
        while !loop.isDone {
            try Task.checkCancellation()
            let step = loop.advance()
            for (position, result) in step.finished { results[position] = result }
            finishedCount += step.finished.count
            tokenCount += step.tokenCount
            try onStep(
                GenerationProgress(
                    requestCount: results.count, finishedCount: finishedCount, tokenCount: tokenCount))
            loop.drop(unless: isWanted)
        }
    }
}
