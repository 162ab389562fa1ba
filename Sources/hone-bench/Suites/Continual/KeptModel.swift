import Foundation
import HoneProblems
import HoneTraining

/// A trained model on the disk, under a name that follows from all that made it.
struct KeptModel: Sendable {
    let root: String
    let directory: String
    /// What its training took when it was trained.
    private(set) var seconds = 0.0

    /// - Parameters:
    ///   - folder: of all models
    ///   - settings: of the training
    ///   - former: the model that it went on from
    ///   - data: which examples it saw
    /// - Throws: if the note of an earlier call cannot be read.
    init(in folder: String, _ settings: SFTConfiguration, after former: KeptModel?, on data: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(settings), as: UTF8.self)
        let origin = [former?.root ?? "", data, text].joined(separator: "|")
        root = "\(folder)/" + String(stableHash(of: origin), radix: 36)
        directory = Checkpoint.path(root: root, step: settings.steps)
        if isThere { seconds = try JSONDecoder().decode(Double.self, from: Data(contentsOf: note)) }
    }

    /// Whether its training came to the end.
    var isThere: Bool { FileManager.default.fileExists(atPath: note.path) }

    func keep(seconds: Double) throws -> KeptModel {
        try JSONEncoder().encode(seconds).write(to: note)
        var kept = self
        kept.seconds = seconds
        return kept
    }

    /// Written last.
    private var note: URL { URL(fileURLWithPath: root + "/seconds.json") }
}
