internal import CTorch

/// Threads inside one operator (intra-op parallelism).
public enum Threads {
    /// How many threads an operator may use on this machine.
    public static var intraOp: Int { Int(ctorch_thread_count()) }

    public static func set(intraOp count: Int) {
        precondition(count > 0, "\(count) threads")
        ctorch_set_thread_count(Int32(count))
    }
}
