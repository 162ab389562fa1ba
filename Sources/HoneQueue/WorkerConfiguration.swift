public import HonePostgres

/// What a worker serves and how it behaves.
public struct WorkerConfiguration: Sendable {
    /// Shown in `hone.workers`.
    public var name: String
    /// nil: all queues.
    public var queues: [String]?
    /// How many batches run at a time.
    public var concurrency = 1
    /// How long a lease lasts without a heartbeat.
    ///
    /// A process that dies is noticed within two seconds by its session's end, so that this only bounds what a hung
    /// machine or a cut network can hold up. Fifteen seconds outlast four missed heartbeats, a fail-over of the
    /// database's connection and any pause of a busy machine seen so far; peers wait from 30 seconds to 4 hours.
    public var leaseDuration = Duration.seconds(15)
    /// One statement each, whatever the number of leases.
    public var heartbeatInterval = Duration.seconds(3)
    /// How long an idle worker waits for a notification before it looks by itself.
    public var pollInterval = Duration.seconds(1)
    /// The first wait after the last job; each one after it is twice as long, up to ``pollInterval``.
    var shortestPoll = Duration.milliseconds(20)
    /// How often it looks for jobs that are due and leases to rescue.
    public var maintenanceInterval = Duration.milliseconds(700)
    /// How long running jobs may go on once the worker was asked to stop.
    public var drainTimeout = Duration.seconds(25)
    /// Ends the worker as soon as nothing is left that it could run now or after a retry.
    public var stopsWhenIdle = false
    public var codeVersion = "unknown"
    /// A JSON object such as `{"device": "cpu"}`, for people and schedulers to read.
    public var capabilities = PostgresJSON(text: "{}")

    public init(name: String) {
        self.name = name
    }
}
