import HonePostgres
import HoneTesting
import Testing

@Suite(.emptyDatabase) struct ListenerTests {
    @Test func notificationsArriveAlsoAfterTheSessionWasKilled() async throws {
        let database = try TemporaryDatabase.current
        let listener = PostgresListener(configuration: database.configuration, channels: ["jobs", "Odd \"name\""])
        var events = listener.makeAsyncIterator()

        #expect(await events.next() == .connected)
        try await database.pool.execute("SELECT pg_notify('Odd \"name\"', 'first')")
        #expect(await payload(events.next()) == "first")

        let killed = try await database.pool.query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE query LIKE 'LISTEN%' AND datname = current_database()
            """)
        #expect(killed.count == 1)
        #expect(await events.next() == .connected)
        try await database.pool.execute("SELECT pg_notify('jobs', 'second')")
        #expect(await payload(events.next()) == "second")
    }

    @Test func aCancelledListenerEnds() async throws {
        let configuration = try TemporaryDatabase.current.configuration
        let (started, start) = AsyncStream<Void>.makeStream()
        let task = Task {
            for await event in PostgresListener(configuration: configuration, channels: ["jobs"])
            where event == .connected { start.yield() }
        }
        for await _ in started { break }
        task.cancel()
        await task.value
    }

    private func payload(_ event: PostgresListener.Event?) -> String? {
        guard case .notification(let notification) = event else { return nil }
        return notification.payload
    }
}
