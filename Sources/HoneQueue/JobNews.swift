import Synchronization

/// News for one job that waits for others: whoever has done something for it notifies `hone_news` with its id.
///
/// ```swift
/// let news = context.news(for: job)
/// while try await !isReady() { await news.wait() }
/// ```
/// What comes between two waits is not missed, only what came before this was made.
public final class JobNews: Sendable {
    private let job: Int64
    private let board: NewsBoard
    private let signal = Signal()
    private let longestWait: Duration

    init(for job: Int64, on board: NewsBoard, longestWait: Duration) {
        self.job = job
        self.board = board
        self.longestWait = longestWait
        board.add(signal, for: job)
    }

    deinit {
        board.remove(signal, of: job)
    }

    /// Waits until there is news, the worker is to stop, the task is cancelled, or a poll's interval is over: a
    /// notification may be lost with its connection.
    public nonisolated(nonsending) func wait() async {
        await signal.wait(for: longestWait)
    }
}

/// The jobs of a worker that wait for news.
final class NewsBoard: Sendable {
    private let signals = Mutex<[Int64: Signal]>([:])

    func add(_ signal: Signal, for job: Int64) {
        signals.withLock { $0[job] = signal }
    }

    /// A later one of the same job stays.
    func remove(_ signal: Signal, of job: Int64) {
        signals.withLock { signals in
            if signals[job] === signal { signals[job] = nil }
        }
    }

    func tell(_ job: Int64) {
        signals.withLock { $0[job] }?.set()
    }

    func tellAll() {
        for signal in signals.withLock({ Array($0.values) }) { signal.set() }
    }
}
