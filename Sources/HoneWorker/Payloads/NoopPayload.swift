/// Does nothing, for some time if asked to.
struct NoopPayload: JobPayload {
    let sleepMilliseconds: Int?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case sleepMilliseconds = "sleep_ms"
    }

    func validate() throws(WorkerError) {
        try require(
            (0...3_600_000).contains(sleepMilliseconds ?? 0), .sleepMilliseconds, "must be between 0 and 3600000")
    }
}
