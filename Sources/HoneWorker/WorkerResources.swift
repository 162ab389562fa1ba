public import HoneArtifacts
public import HonePostgres
public import HoneTensor

/// What the handlers of one worker share.
public struct WorkerResources: Sendable {
    let store: ArtifactStore
    let checkpoints: CheckpointLibrary
    let served: ServedModels
    /// The policies of trainings elsewhere that this worker samples for.
    let policies: PolicyShelf
    /// For jobs that want answers verified in a process that can be killed.
    let verifier: VerifierProcess
    /// Threads inside one operator, for generation; a training run brings its own number.
    let threads: Int
    /// What wrote the results, for those who ask later.
    let codeVersion: String

    /// - Parameters:
    ///   - pool: of the database
    ///   - store: of the fleet
    ///   - threads: inside one operator, for generation
    ///   - device: where models answer; trainings stay on the CPU
    ///   - codeVersion: of this program
    ///   - verifier: verifies answers where a job wants that in a process of its own; it is started when one does
    ///   - engines: the models that servers elsewhere answer with
    public init(
        pool: PostgresPool, store: ArtifactStore, threads: Int, device: Device = .cpu, codeVersion: String,
        verifier: VerifierProcess = VerifierProcess(command: ["/proc/self/exe", "verify"]),
        engines: EnginesFile = EnginesFile()
    ) {
        self.store = store
        self.threads = threads
        self.codeVersion = codeVersion
        self.verifier = verifier
        checkpoints = CheckpointLibrary(session: pool, store: store, device: device)
        let remote = engines.isEmpty ? nil : RemoteModels(engines, library: checkpoints, pool: pool, store: store)
        served = ServedModels(library: checkpoints, threads: threads, remote: remote)
        policies = PolicyShelf(store: store)
    }

    /// How answers are checked: by the verifier's process, which may take so many milliseconds for one, or here by the
    /// exact checker where that is nil.
    func answerCheck(within limit: Int?) -> AnswerCheck {
        AnswerCheck(external: limit.map { (verifier, .milliseconds($0)) })
    }
}
