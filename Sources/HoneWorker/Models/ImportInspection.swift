import Foundation
import HoneCatalog
import HoneModel
import HoneTensor
import HoneTokenizer

/// A directory that was read, tried and written anew.
struct ImportInspection {
    let configuration: ModelConfiguration
    let layout: AnswerLayout
    /// The files that the model was made from.
    let sources: [String]
    private(set) var notes: [String] = []

    /// Files that are kept as they are where a directory has them.
    private static let keptFiles = CheckpointFile.servingFiles.filter {
        $0 != CheckpointFile.weights && $0 != GenerationDefaults.fileName
    }

    init(directory: String, layout: AnswerLayout?, writingTo scratch: String) throws {
        configuration = try ModelConfiguration.read(directory: directory)
        let weights = try WeightFiles(directory: directory, for: configuration)
        let tokenizer = try BytePairTokenizer(directory: directory)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw ModelError.file(
                path: directory + "/tokenizer.json",
                fault: "has ids up to \(tokenizer.vocabularySize - 1), and config.json describes "
                    + "\(configuration.vocabularySize) tokens")
        }
        self.layout = try layout ?? Self.layout(of: directory)
        if self.layout == .chat { try Self.tryTemplate(directory) }
        try Self.tryNetwork(directory)
        let kept = Self.keptFiles.filter { FileManager.default.fileExists(atPath: directory + "/" + $0) }
        for name in kept {
            try FileManager.default.copyItem(atPath: directory + "/" + name, toPath: scratch + "/" + name)
        }
        try weights.join(to: scratch + "/" + CheckpointFile.weights)
        let defaults = try GenerationFile(directory: directory)
        try defaults.requireFollowed()
        let ends = configuration.eosTokenIDs.isEmpty ? [Int(tokenizer.endOfTextID)] : configuration.eosTokenIDs
        try defaults.write(to: scratch, layout: self.layout, endTokens: ends.filter { $0 >= 0 })
        sources = (kept + weights.fileNames + (defaults.isThere ? [GenerationDefaults.fileName] : [])).sorted()
        if !defaults.sampling.isEmpty {
            notes.append(
                "\(GenerationDefaults.fileName) suggests \(defaults.sampling.joined(separator: ", ")); "
                    + "a job or a command says itself how to sample, and is greedy if it does not")
        }
        if !defaults.namesEnd, configuration.eosTokenIDs.isEmpty, tokenizer.endOfTextID < 0 {
            notes.append("no file names an end token, so answers end at their limit alone")
        }
    }

    /// What the directory says of itself, if Hone wrote it; else turns where there is a template for them.
    private static func layout(of directory: String) throws -> AnswerLayout {
        if let stated = try GenerationDefaults.read(directory: directory).statedLayout { return stated }
        return try ChatTemplate(directory: directory) == nil ? .text : .chat
    }

    /// What of the template is not followed shows when it is used.
    private static func tryTemplate(_ directory: String) throws {
        guard let template = try ChatTemplate(directory: directory) else {
            throw WorkerError.file(path: directory, line: nil, fault: "has no chat template; try --layout text")
        }
        _ = try template.text(of: [ChatMessage(role: "user", content: "Hello")])
    }

    /// One forward pass: weights with NaN or infinities in them are none.
    private static func tryNetwork(_ directory: String) throws {
        let model = try CausalLanguageModel.load(directory: directory)
        let count = min(8, model.configuration.maxPositionCount)
        let ids = Tensor((0..<count).map { $0 % model.configuration.vocabularySize }).view(1, count)
        let isFinite = inferenceMode { model(ids).abs().sum().item(Float.self).isFinite }
        guard isFinite else {
            throw ModelError.file(
                path: directory, fault: "computes logits that are no numbers; its weights hold NaN or infinity")
        }
    }
}
