internal import CTorch

#if canImport(Glibc)
    internal import Glibc
#endif

/// Threads inside one operator (intra-op parallelism).
public enum Threads {
    /// How many threads an operator may use on this machine.
    public static var intraOp: Int { Int(ctorch_thread_count()) }

    /// Sets how many threads an operator may use.
    ///
    /// One is the right number on a machine that does other work too: two that wait for each other lose more than they
    /// win as soon as one of them loses its core.
    public static func set(intraOp count: Int) {
        precondition(count > 0, "\(count) threads")
        ctorch_set_thread_count(Int32(count))
    }
}

extension Torch {
    /// Settings of a process that computes for long; to be called first of all in a program, before any thread starts.
    ///
    /// Threads that wait for work spin for some microseconds, as long as the small steps between two products take,
    /// and then sleep: on a busy machine threads that spin on were seen 10 times slower, and on a quiet one a training
    /// of two threads that sleep at once took half as long again. OpenMP reads these settings when the program is
    /// loaded, so the program starts itself again with them once; it costs a tenth of a second, nothing where
    /// `OMP_WAIT_POLICY` is set already. And freed tensors' memory is kept for the next ones instead of going back to
    /// the system, which took 4 % of a training step.
    public static func prepareProcess() {
        ctorch_keep_freed_memory()
        #if canImport(Glibc)
            guard unsafe getenv("OMP_WAIT_POLICY") == nil else { return }
            unsafe setenv("OMP_WAIT_POLICY", "passive", 1)
            unsafe setenv("GOMP_SPINCOUNT", "5000", 0)
            // Returns only if it fails; then the program goes on as it is.
            unsafe execv("/proc/self/exe", CommandLine.unsafeArgv)
        #endif
    }
}
