import HoneConcurrency
import HonePostgres

/// What the database must be like for the queue to do well.
struct DatabaseChecks {
    let connection: PostgresConnection
    let url: String

    /// Every check under its name; one that the server refuses is a finding too.
    func all() async -> [Finding] {
        let checks: [(name: String, find: () async throws -> Finding)] = [
            ("PostgreSQL server", server), ("migrations", migrations), ("roles", roles),
            ("LISTEN and NOTIFY", notification),
            ("old transactions", horizon), ("workers", workers),
        ]
        var findings: [Finding] = []
        for check in checks {
            do {
                findings.append(try await check.find())
            } catch {
                findings.append(
                    .fail(check.name, "\(Sentence(error))", mend: "run 'hone migrate', as a user with the rights"))
            }
        }
        return findings
    }

    func server() async throws -> Finding {
        let name = "PostgreSQL server"
        let row = try await connection.query(
            """
            SELECT current_setting('server_version') AS version,
                current_setting('server_version_num')::integer AS number,
                current_setting('fsync') = 'on' AS is_synced, current_user::text AS current_user,
                current_database()::text AS database
            """)[0]
        let version: String = try row.decode("version")
        let place =
            "\(version), database \(try row.decode("database", as: String.self)), user "
            + (try row.decode("current_user", as: String.self))
        if try row.decode("number", as: Int32.self) < 140_000 {
            return .fail(name, place, mend: "Hone needs PostgreSQL 14 or newer")
        }
        guard try row.decode("is_synced", as: Bool.self) else {
            return .fail(
                name, "\(place): fsync is off", mend: "set fsync = on: accepted jobs would not survive a power cut")
        }
        return .ok(name, place)
    }

    func migrations() async throws -> Finding {
        let name = "migrations"
        let all = try await GlobalOptions.withMigrator(url) { try await $0.status() }
        let missing = all.filter { $0.appliedAt == nil }.map(\.migration.name)
        guard missing.isEmpty else {
            return .fail(name, "missing: \(missing.joined(separator: ", "))", mend: "run 'hone migrate'")
        }
        return .ok(name, "all \(all.count) applied, the last is \(all.last?.migration.name ?? "none")")
    }

    func roles() async throws -> Finding {
        let name = "roles"
        let row = try await connection.query(
            """
            SELECT array(SELECT r.name FROM unnest(ARRAY[
                    'hone_producer', 'hone_worker', 'hone_labeller', 'hone_admin']) AS r(name)
                WHERE NOT EXISTS (SELECT FROM pg_roles p WHERE p.rolname = r.name)) AS missing,
                has_schema_privilege('hone', 'USAGE') AS may_use,
                has_function_privilege(
                    'hone.enqueue(text, jsonb, text, integer, timestamptz, text, integer, bigint[])', 'EXECUTE')
                    AS may_enqueue,
                has_table_privilege('hone.task_leases', 'INSERT') AS may_work
            """)[0]
        let missing: [String] = try row.decode("missing")
        guard missing.isEmpty else {
            return .fail(
                name, "missing: \(missing.joined(separator: ", "))", mend: "run 'hone migrate' as an administrator")
        }
        let rights = [
            "use the schema": try row.decode("may_use", as: Bool.self),
            "enqueue": try row.decode("may_enqueue", as: Bool.self), "work": try row.decode("may_work", as: Bool.self),
        ]
        let denied = rights.filter { !$0.value }.keys.sorted()
        guard denied.isEmpty else {
            return .warn(
                name, "this user may not \(denied.joined(separator: ", nor "))",
                mend: "GRANT hone_producer or hone_worker to it, if it should")
        }
        return .ok(name, "hone_producer, hone_worker, hone_labeller, hone_admin; this user may enqueue and work")
    }

    /// A pooler between here and the server can swallow notifications; workers then only poll.
    func notification() async throws -> Finding {
        let name = "LISTEN and NOTIFY"
        let listener = PostgresListener(configuration: try PostgresConfiguration(url: url), channels: ["hone_doctor"])
        do {
            let time = try await withDeadline(.seconds(5)) { [connection] in
                try await Self.roundTrip(listener, connection)
            }
            return .ok(name, "round trip in \((time / .milliseconds(1) * 10).rounded() / 10) ms")
        } catch let late as DeadlineExceeded {
            return .warn(
                name, "no notification arrived: \(late)",
                mend: "connect to the server itself: a pooler may swallow LISTEN; workers poll meanwhile")
        }
    }

    private static func roundTrip(
        _ listener: PostgresListener, _ connection: PostgresConnection
    ) async throws -> Duration {
        var start = ContinuousClock.now
        for await event in listener {
            guard case .connected = event else { break }
            start = .now
            try await connection.query("SELECT pg_notify('hone_doctor', '')")
        }
        return start.duration(to: .now)
    }

    /// Old snapshots keep dead rows alive, which slows every claim down.
    func horizon() async throws -> Finding {
        let name = "old transactions"
        let row = try await connection.query(
            """
            SELECT count(*) AS number, coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
                AS seconds, coalesce((array_agg(pid ORDER BY xact_start))[1], 0) AS pid,
                (SELECT count(*) FROM pg_prepared_xacts) AS prepared
            FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
              AND xact_start < clock_timestamp() - interval '5 minutes'
            """)[0]
        let prepared: Int64 = try row.decode("prepared")
        if prepared > 0 {
            return .warn(
                name, "\(prepared) prepared transactions are open",
                mend: "COMMIT PREPARED or ROLLBACK PREPARED those that pg_prepared_xacts shows")
        }
        guard try row.decode("number", as: Int64.self) > 0 else { return .ok(name, "none is older than 5 minutes") }
        let age = Duration.seconds(try row.decode("seconds", as: Double.self)).clockText
        let processID: Int32 = try row.decode("pid")
        return .warn(
            name, "the oldest has been open for \(age) (process \(processID))",
            mend: "end it: SELECT pg_terminate_backend(\(processID))")
    }

    func workers() async throws -> Finding {
        let name = "workers"
        let row = try await connection.query(
            """
            SELECT count(*) FILTER (WHERE beat_at > clock_timestamp() - interval '30 seconds') AS alive,
                count(*) FILTER (WHERE beat_at <= clock_timestamp() - interval '30 seconds') AS silent,
                (SELECT coalesce(sum(available), 0)::bigint FROM hone.queue_stats WHERE NOT paused) AS available
            FROM hone.workers WHERE stopped_at IS NULL
            """)[0]
        let alive: Int64 = try row.decode("alive")
        let silent: Int64 = try row.decode("silent")
        let available: Int64 = try row.decode("available")
        let detail = "\(alive) alive, \(available) jobs available"
        if alive == 0 {
            return .warn(name, "none is alive, \(available) jobs wait", mend: "start one: 'hone dev', or 'hone work'")
        }
        guard silent == 0 else {
            return .warn(
                name, "\(detail), \(silent) silent for 30 s",
                mend: "look at their machines; their leases run out by themselves")
        }
        return .ok(name, detail)
    }
}
