/// What takes steps until all of its requests are answered.
protocol SteppedLoop {
    var isDone: Bool { get }
    /// Lets go of the requests that are not wanted any more; of those that wait, as soon as it might come to them.
    ///
    /// - Returns: the positions of those that it let go
    @discardableResult
    mutating func drop(unless isWanted: (_ request: Int) -> Bool) -> [Int]
    mutating func advance() -> StepProgress
}

/// What came of one step.
struct StepProgress {
    /// The answers that are complete, with the positions of their requests.
    var finished: [(request: Int, result: GenerationResult)] = []
    /// For every new token, the position of the request that it answers.
    var writers: [Int] = []
}

/// The results of one call, as they come.
struct GenerationRun {
    private(set) var results: [GenerationResult]
    private var finishedCount = 0
    private var tokenCount = 0

    init(requestCount: Int) { results = [GenerationResult](repeating: .nothing, count: requestCount) }

    var progress: GenerationProgress {
        GenerationProgress(requestCount: results.count, finishedCount: finishedCount, tokenCount: tokenCount)
    }

    mutating func finish(_ request: Int, with result: GenerationResult) {
        results[request] = result
        finishedCount += 1
    }

    mutating func count(tokens: Int) { tokenCount += tokens }

    /// Steps until the loop's requests are answered.
    mutating func finish(
        _ loop: inout some SteppedLoop, onStep: (GenerationProgress) throws -> Void,
        isWanted: (_ request: Int) -> Bool
    ) throws {
        loop.drop(unless: isWanted)
        while !loop.isDone {
            try Task.checkCancellation()
            let step = loop.advance()
            for (position, result) in step.finished { finish(position, with: result) }
            count(tokens: step.writers.count)
            try onStep(progress)
            loop.drop(unless: isWanted)
        }
    }
}
