internal import CTorch

#if canImport(Glibc)
    internal import Glibc
#endif

/// Threads inside one operator (intra-op parallelism).
public enum Threads {
    /// How many threads an operator may use on this machine.
    public static var intraOp: Int { Int(ctorch_thread_count()) }

    /// How many an operator may be given.
    public static let allowed = 1...1024

    /// Sets how many threads an operator may use.
    ///
    /// One is the right number on a machine that does other work too: two that wait for each other lose more than they
    /// win as soon as one of them loses its core.
    public static func set(intraOp count: Int) {
        precondition(allowed.contains(count), "\(count) threads")
        ctorch_set_thread_count(Int32(count))
    }

    /// Runs whole computations side by side, on the threads that operators use otherwise: each has one of them, and the
    /// next begins as soon as one is free. So nothing waits for the end of every operator, and what is too small to be
    /// cut keeps all threads busy. Where there are fewer tasks than threads, operators use the threads instead.
    ///
    /// - Parameters:
    ///   - count: how many tasks
    ///   - task: computes the one of a number; it records gradients as the caller does, and changes nothing that
    ///     another one reads or changes
    /// - Returns: the tasks' results, in their order
    public static func map<Result>(_ count: Int, _ task: (Int) -> Result) -> [Result] {
        guard count >= max(2, intraOp) else { return (0..<count).map(task) }
        return unsafe [Result](unsafeUninitializedCapacity: count) { results, resultCount in
            withoutActuallyEscaping(task) { task in
                var job = unsafe Job { [results] in unsafe results.initializeElement(at: $0, to: task($0)) }
                unsafe withUnsafeMutablePointer(to: &job) { job in
                    unsafe ctorch_run_tasks(Int32(count), job) { job, number in
                        unsafe job.assumingMemoryBound(to: Job.self).pointee.run(Int(number))
                    }
                }
            }
            resultCount = count
        }
    }

    /// A function where a C function can call it.
    private struct Job {
        let run: (Int) -> Void
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
