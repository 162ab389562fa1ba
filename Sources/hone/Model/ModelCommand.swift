import ArgumentParser
import HoneCatalog

/// `hone model`: the lineages of checkpoints, and which of them is served.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Imports, quantizes, lists and shows models; promotes, quarantines and rolls back what is served.",
        discussion: """
            EXAMPLES
              hone model list
              hone model show tiny
              hone model lineage tiny
              hone model import ./Qwen2.5-0.5B-Instruct --name qwen
              hone model export tiny ./tiny-directory
              hone model quantize tiny --to int8 --dataset arithmetic
              hone model diff tiny@12 tiny@15 --dataset arithmetic
              hone model promote tiny@12 --canary 10
              hone model rollback tiny
            """,
        subcommands: [
            ModelList.self, ModelShow.self, ModelLineage.self, ModelImport.self, ModelExport.self, ModelPromote.self,
            ModelRollback.self, ModelQuarantine.self, ModelRelease.self, ModelQuantize.self, ModelDiff.self,
        ])
}

/// What answers a model's jobs, as the commands that change it print it.
struct ActiveCheckpoint: Encodable {
    let model: String
    let checkpoint: Int64
    var canary: Int64?
    var canaryPercent: Int?

    init(model: String, checkpoint: Int64) {
        self.model = model
        self.checkpoint = checkpoint
    }

    init(_ served: ServedCheckpoint) {
        self.init(model: served.model, checkpoint: served.checkpoint)
        canary = served.canary?.checkpoint
        canaryPercent = served.canary?.percent
    }

    var text: String {
        let share = canary.flatMap { canary in
            canaryPercent.map { "; checkpoint \(canary) answers \($0) % of its jobs" }
        }
        return "model \(model) serves checkpoint \(checkpoint)\(share ?? "")"
    }
}
