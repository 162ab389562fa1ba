import ArgumentParser
import HoneCatalog

/// `hone model quarantine`: an operator's word that a checkpoint must not be served.
struct ModelQuarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Bars a checkpoint from being promoted or rolled back to, and ends its canary.",
        discussion: """
            What is served now stays: 'hone model rollback' takes it back. A gate that blocks a candidate quarantines it
            by itself.

            EXAMPLES
              hone model quarantine tiny@12 --reason "answers in the wrong language"
            """)

    @OptionGroup var judged: JudgedCheckpoint
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (model, id) = (judged.name.model, try judged.name.required())
        try await options.withDatabase { try await Quarantines.add(id, of: model, reason: judged.reason, in: $0) }
        try options.console.emit(
            try judged.mark(quarantined: true), text: "checkpoint \(id) of model \(model) is quarantined")
    }
}

/// `hone model release`: an operator takes the responsibility for a quarantined checkpoint.
struct ModelRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Lifts the quarantine of a checkpoint, with a reason that stays on record.",
        discussion: """
            A released checkpoint is not served yet: its newest gate must have passed it.

            EXAMPLES
              hone model release tiny@12 --reason "the guard suite had wrong answers; see run 31"
            """)

    @OptionGroup var judged: JudgedCheckpoint
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let (model, id) = (judged.name.model, try judged.name.required())
        try await options.withDatabase { try await Quarantines.release(id, of: model, reason: judged.reason, in: $0) }
        try options.console.emit(
            try judged.mark(quarantined: false), text: "checkpoint \(id) of model \(model) is released")
    }
}

/// The checkpoint of which an operator decides whether it may be served, and why.
struct JudgedCheckpoint: ParsableArguments {
    @Argument(help: ArgumentHelp("The model and the checkpoint's id.", valueName: "name@id"))
    var name: CheckpointName

    @Option(help: "Why, for those who ask later.")
    var reason: String

    func validate() throws {
        _ = try name.required()
    }

    fileprivate func mark(quarantined: Bool) throws -> QuarantineMark {
        QuarantineMark(
            model: name.model, checkpoint: try name.required(), quarantined: quarantined, reason: reason)
    }
}

private struct QuarantineMark: Encodable {
    let model: String
    let checkpoint: Int64
    let quarantined: Bool
    let reason: String
}
