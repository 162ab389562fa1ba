/// What a command can say went wrong, beside the errors of the modules that it calls.
enum CommandError: Error, CustomStringConvertible {
    /// A program of Hone's that should lie beside `hone` does not.
    case programMissing(name: String, folder: String)
    case programNotStarted(path: String, reason: String)
    case fileUnreadable(path: String, reason: String)
    case badPayload(place: String, reason: String)
    /// No example has steps that form an equation.
    case noEquations(String)
    case alreadyRunning(home: String, process: String)
    case noSuchRow(noun: String, name: String)
    case nothingHasRun
    case noSuchPipelineFile(path: String)
    /// `reason` names the file and the stage.
    case pipelineRefused(reason: String)
    case timedOut(unfinishedCount: Int)
    case nothingToLabel(labeller: String)
    case badJudgement(reason: String)
    /// The job exists and has recorded no metrics.
    case nothingRecorded(job: Int64)
    case noSuchMetric(name: String, job: Int64, known: [String])
    case fileUnwritable(path: String, reason: String)
    case rasterizerMissing(path: String)
    case rasterizerFailed(reason: String)

    var isMissingProgram: Bool { if case .programMissing = self { true } else { false } }

    var description: String {
        switch self {
        case .programMissing(let name, let folder):
            "'\(name)' is not in \(folder), beside 'hone'; build it with 'swift build --product \(name)'"
        case .programNotStarted(let path, let reason):
            "\(path) could not be started: \(reason)"
        case .fileUnreadable(let path, let reason):
            "\(path) cannot be read: \(reason)"
        case .badPayload(let place, let reason):
            "\(place): the payload must be a JSON object, for example '{\"prompt\": \"1+1=?\"}': \(reason)"
        case .noEquations(let dataset):
            "no problem of \(dataset) has steps that form an equation, so there is no most frequent one; try --fit"
        case .alreadyRunning(let home, let process):
            "another 'hone dev' (process \(process)) runs in \(home); use it, or set HONE_HOME to another directory"
        case .noSuchRow(let noun, let name):
            "there is no \(noun) \(name); 'hone \(noun == "job" ? "jobs" : noun) list' shows those that there are"
        case .nothingHasRun:
            "nothing has run yet; 'hone pipeline run NAME' starts a run"
        case .noSuchPipelineFile(let path):
            "there is no file \(path); 'hone pipeline list' shows the pipelines that the database knows"
        case .pipelineRefused(let reason): reason
        case .nothingRecorded(let job):
            "job \(job) has recorded no metrics; a job that trains does, from its first second on"
        case .noSuchMetric(let name, let job, let known):
            "job \(job) has recorded no '\(name)'; it has \(known.joined(separator: ", "))"
        case .fileUnwritable(let path, let reason):
            "\(path) cannot be written: \(reason)"
        case .rasterizerMissing(let path):
            "\(path) takes 'rsvg-convert', which is not on the PATH; 'apt-get install librsvg2-bin' brings it, or "
                + "write an .svg file, which takes nothing"
        case .rasterizerFailed(let reason):
            "rsvg-convert made no PNG: \(reason)"
        case .timedOut(let unfinishedCount):
            "the time is up and \(unfinishedCount) jobs are unfinished; they go on, so wait again"
        case .nothingToLabel(let labeller):
            "there is nothing to label for \(labeller) now; 'hone label create' makes tasks"
        case .badJudgement(let reason):
            "--judgement must be a JSON object, for example '{\"choice\": \"left\"}': \(reason)"
        }
    }
}
