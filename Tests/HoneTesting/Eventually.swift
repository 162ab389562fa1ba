/// Asks again until a condition that something else brings about holds.
/// - Throws: ``NeverHappened`` when it does not within the limit, or what the condition throws.
public nonisolated(nonsending) func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if .now > deadline { throw NeverHappened(what: what, limit: limit) }
        await Task.yield()
    }
}

/// A condition that a test waited for did not come to hold.
public struct NeverHappened: Error, CustomStringConvertible {
    let what: String
    let limit: Duration

    public var description: String { "“\(what)” did not happen within \(limit)" }
}
