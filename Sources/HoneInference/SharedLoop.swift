/// Answers the requests of several callers in one loop: a call that comes later joins between two steps, and takes the
/// places that the others' answers leave.
///
/// What a call is answered does not depend on the others, nor does its end: each ends when its own requests are
/// answered, when it is cancelled, or with what its caller's progress handler throws.
struct SharedLoop {
    private var loop: RowLoop
    private let newcomers: CallQueue
    private var runs: [Run] = []
    private var endedCount = 0

    /// A call as far as it has been answered.
    private struct Run {
        let call: GenerationCall
        /// Its requests, as the loop numbers them.
        let numbers: Range<Int>
        var record: GenerationRun
        /// Requests that are being answered or wait to be.
        var openCount: Int
    }

    init(_ loop: RowLoop, newcomers: CallQueue) {
        self.loop = loop
        self.newcomers = newcomers
    }

    /// Takes steps until a call has ended, whose caller need not wait any longer.
    mutating func advance() {
        let before = endedCount
        join()
        while !runs.isEmpty, endedCount == before {
            step()
            join()
        }
    }

    /// Takes steps until the calls that have joined have all ended.
    mutating func finish() {
        while !runs.isEmpty { step() }
    }

    private mutating func join() {
        for call in newcomers.takeAll() {
            let count = call.questions.requests.count
            runs.append(
                Run(
                    call: call, numbers: loop.add(call.questions), record: GenerationRun(requestCount: count),
                    openCount: count))
            settle()
        }
    }

    private mutating func step() {
        let step = loop.advance()
        for (number, result) in step.finished {
            guard let index = run(of: number) else { continue }
            runs[index].record.finish(number - runs[index].numbers.lowerBound, with: result)
            runs[index].openCount -= 1
        }
        for index in runs.indices.reversed() {
            let numbers = runs[index].numbers
            runs[index].record.count(tokens: step.writers.count { numbers.contains($0) })
            do {
                try runs[index].call.onStep(runs[index].record.progress)
            } catch {
                end(index, with: .failure(error))
            }
        }
        settle()
    }

    /// Lets go of what nobody wants any more, and of the calls that are done.
    private mutating func settle() {
        for index in runs.indices.reversed() where runs[index].call.isCancelled {
            end(index, with: .failure(CancellationError()))
        }
        let dropped = loop.drop { [runs] number in
            guard let run = runs.first(where: { $0.numbers.contains(number) }) else { return false }
            return run.call.isWanted(number - run.numbers.lowerBound)
        }
        for number in dropped {
            if let index = run(of: number) { runs[index].openCount -= 1 }
        }
        for index in runs.indices.reversed() where runs[index].openCount == 0 {
            end(index, with: .success(runs[index].record.results))
        }
    }

    private func run(of number: Int) -> Int? { runs.firstIndex { $0.numbers.contains(number) } }

    private mutating func end(_ index: Int, with outcome: GenerationCall.Outcome) {
        let run = runs.remove(at: index)
        loop.remove(run.numbers)
        run.call.end(with: outcome)
        endedCount += 1
    }
}
