/// Growing waits with full jitter, for a server that does not answer.
struct Backoff {
    private var limit = Duration.milliseconds(50)
    private let longest: Duration

    init(longest: Duration = .seconds(2)) {
        self.longest = longest
    }

    mutating func next() -> Duration {
        defer { limit = min(limit * 2, longest) }
        return limit * Double.random(in: 0.2...1)
    }

    mutating func reset() {
        limit = .milliseconds(50)
    }
}
