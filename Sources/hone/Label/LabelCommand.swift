import ArgumentParser
import Foundation
import HoneFeedback

/// `hone label`: a person at the terminal, and what producers and trainers need around it.
struct LabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Asks people about answers; without a subcommand, question after question at the terminal.",
        discussion: """
            EXAMPLES
              hone label create preference --checkpoint 12 --per-prompt 2 --wanted 3
              hone label                              one key a judgement; ? shows the keys
              hone label --as anna --kind steps
              hone label agreement
              hone label freeze pairs-1 --kind preference
            """,
        subcommands: [
            LabelLoop.self, LabelNext.self, LabelSubmit.self, LabelSkip.self, LabelUndo.self, LabelCreate.self,
            LabelAgreement.self, LabelFreeze.self, LabelCorrections.self, LabelExportCommand.self,
            LabelImportCommand.self, LabelGold.self,
        ],
        defaultSubcommand: LabelLoop.self)
}

/// Who labels, and what.
struct LabellerOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("The labeller (default: HONE_LABELLER, else your user name).", valueName: "name"))
    var labeller: String?

    @Option(name: .customLong("kind"), help: "Only tasks of this kind; may be repeated.")
    var kinds: [LabelKind] = []

    @Option(help: ArgumentHelp("How long a slot is yours without a key.", valueName: "seconds"))
    var lease = 900

    func validate() throws {
        guard (1...604_800).contains(lease) else {
            throw ValidationError("--lease \(lease): give 1 to 604800 seconds.")
        }
    }

    var name: String {
        let given = labeller ?? ProcessInfo.processInfo.environment["HONE_LABELLER"]
        return given.flatMap { $0.isEmpty ? nil : $0 } ?? NSUserName()
    }

    var wantedKinds: [LabelKind]? { kinds.isEmpty ? nil : kinds }
}
