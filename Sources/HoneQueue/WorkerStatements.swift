import HonePostgres

/// The statements of the workers' side, by the names that errors carry.
struct WorkerStatements: Sendable {
    let worker: Int32

    static func register(
        _ configuration: WorkerConfiguration, kinds: [String], host: String, pid: Int32
    ) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT hone.register_worker(
                \(configuration.name), \(host), \(pid), \(configuration.codeVersion),
                \(configuration.capabilities) || jsonb_build_object('kinds', \(kinds))) AS id
            """
        ).named("register the worker")
    }

    func claim(
        queues: [String]?, kinds: [String], limits: [Int32], leaseDuration: Duration, marks: [Int32: Int64]
    ) -> PostgresQuery {
        let lanes = Array(marks.keys)
        return PostgresQuery(
            """
            SELECT * FROM hone.claim(
                \(worker), \(queues), \(kinds), \(limits), \(leaseDuration), \(lanes), \(lanes.map { marks[$0] ?? 0 }))
            """
        ).named("claim jobs")
    }

    func claim(jobs: [Int64], limit: Int32, leaseDuration: Duration) -> PostgresQuery {
        PostgresQuery("SELECT * FROM hone.claim_jobs(\(worker), \(jobs), \(limit), \(leaseDuration))")
            .named("claim certain jobs")
    }

    var isAlone: PostgresQuery {
        PostgresQuery(
            """
            SELECT NOT EXISTS (
                SELECT FROM hone.workers WHERE stopped_at IS NULL AND session_at IS NOT NULL AND id <> \(worker)
            ) AS alone
            """
        ).named("look for other workers")
    }

    func doze(queues: [String]?) -> PostgresQuery {
        PostgresQuery("SELECT hone.doze(\(worker), \(queues))").named("ask for notifications")
    }

    var wakeUp: PostgresQuery {
        PostgresQuery("DELETE FROM hone.sleepers WHERE worker_id = \(worker)").named("stop asking for notifications")
    }

    var stop: PostgresQuery {
        PostgresQuery("SELECT hone.stop_worker(\(worker))").named("sign off the worker")
    }

    var attach: PostgresQuery {
        PostgresQuery("SELECT hone.attach_worker(\(worker)) AS attached").named("attach the worker's session")
    }

    func heartbeat(_ leases: [LeaseID], leaseDuration: Duration) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT job_id, cancel FROM hone.heartbeat(
                \(worker), \(leases.map(\.job)), \(leases.map(\.fence)), \(leaseDuration))
            """
        ).named("heartbeat")
    }

    static func renew(_ lease: LeaseID, leaseDuration: Duration) -> PostgresQuery {
        PostgresQuery(
            """
            UPDATE hone.task_leases SET lease_until = clock_timestamp() + \(leaseDuration)
            WHERE job_id = \(lease.job) AND fence = \(lease.fence)
            """
        ).named("renew a lease")
    }

    func readyHorizon(_ floors: [Int32: Int64]) -> PostgresQuery {
        let lanes = Array(floors.keys)
        return PostgresQuery(
            """
            SELECT lane_id, head, oldest, next FROM hone.ready_horizon(\(lanes), \(lanes.map { floors[$0] ?? 0 }))
            """
        ).named("find the ends of the lanes")
    }

    static func rescue(leaseDuration: Duration, expired: Bool) -> PostgresQuery {
        PostgresQuery("SELECT hone.rescue(\(leaseDuration), \(expired)) AS rescued").named("rescue lost jobs")
    }

    static var promoteDue: PostgresQuery {
        PostgresQuery("SELECT (extract(epoch FROM hone.promote_due()) * 1000)::bigint AS wait")
            .named("promote due jobs")
    }

    /// Whether anything is left that a worker with these kinds could run now or after a retry.
    static func hasWork(queues: [String]?, kinds: [String]) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT EXISTS (
                SELECT FROM hone.lanes l JOIN hone.queues q ON q.id = l.queue_id
                WHERE l.kind = ANY (\(kinds)) AND NOT q.paused AND (\(queues) IS NULL OR q.name = ANY (\(queues)))
                  AND (EXISTS (SELECT FROM hone.task_ready r WHERE r.lane_id = l.id)
                    OR EXISTS (SELECT FROM hone.task_due d WHERE d.lane_id = l.id AND d.attempt > 0))) AS has_work
            """
        ).named("look for work that is left")
    }

    static func guardAll(_ leases: [LeaseID]) -> PostgresQuery {
        PostgresQuery(
            "SELECT job_id FROM hone.guard_all(\(leases.map(\.job)), \(leases.map(\.fence))) AS job_id"
        ).named("guard leases")
    }

    static func complete(_ leases: [LeaseID], results: [PostgresJSON]) -> PostgresQuery {
        PostgresQuery(
            "SELECT hone.complete(\(leases.map(\.job)), \(leases.map(\.fence)), \(results))"
        ).named("complete jobs")
    }

    /// Which of the attempts are on record as completed.
    static func completed(_ leases: [LeaseID]) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT a.job_id FROM hone.task_attempts a
            JOIN unnest(\(leases.map(\.job)), \(leases.map(\.fence))) AS h(job_id, fence)
                ON a.job_id = h.job_id AND a.fence = h.fence
            WHERE a.outcome = 'succeeded'
            """
        ).named("read back completions")
    }

    static func fail(_ lease: LeaseID, _ failure: JobFailure) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT hone.fail(\(lease.job), \(lease.fence), \(failure.message), \(failure.isPermanent),
                \(failure.retryAfter)) AS state
            """
        ).named("fail a job")
    }

    static func postpone(_ lease: LeaseID, _ failure: JobFailure) -> PostgresQuery {
        PostgresQuery(
            """
            SELECT hone.postpone(\(lease.job), \(lease.fence), \(failure.message),
                \(failure.retryAfter ?? .seconds(5)))
            """
        ).named("postpone a job")
    }

    static func release(_ leases: [LeaseID]) -> PostgresQuery {
        PostgresQuery("SELECT hone.release(\(leases.map(\.job)), \(leases.map(\.fence)))").named("release jobs")
    }

    static func confirmCancel(_ lease: LeaseID) -> PostgresQuery {
        PostgresQuery("SELECT hone.confirm_cancel(\(lease.job), \(lease.fence))").named("confirm a cancellation")
    }

    static func reportProgress(_ lease: LeaseID, _ progress: PostgresJSON) -> PostgresQuery {
        PostgresQuery("SELECT hone.report_progress(\(lease.job), \(lease.fence), \(progress))").named("report progress")
    }

    static func log(_ lease: LeaseID, level: String, message: String) -> PostgresQuery {
        PostgresQuery(
            """
            INSERT INTO hone.job_logs (job_id, fence, level, message)
            SELECT l.job_id, l.fence, \(level), \(message) FROM hone.task_leases l
            WHERE l.job_id = \(lease.job) AND l.fence = \(lease.fence)
            """
        ).named("write a job's log")
    }
}
