import Foundation
import HoneModel
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Small runs that take fractions of a second.
enum Fixture {
    static let tokenizer = ByteTokenizer()

    /// Sums of two digits, `3+4=` to `7`.
    static func sums(_ range: ClosedRange<Int> = 0...9) -> [TrainingExample] {
        range.flatMap { a in
            range.map { b in TrainingExample(prompt: "\(a)+\(b)=\n", completion: "\(a + b)", level: a < 5 ? 1 : 2) }
        }
    }

    static func configuration(steps: Int, hiddenSize: Int = 32) -> SFTConfiguration {
        var configuration = SFTConfiguration(steps: steps)
        configuration.tokensPerBatch = 256
        configuration.warmUpSteps = 5
        configuration.checkpointInterval = 4
        configuration.seed = 3
        configuration.model = modelShape(hiddenSize: hiddenSize)
        return configuration
    }

    static func modelShape(hiddenSize: Int) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: tokenizer.vocabularySize, hiddenSize: hiddenSize, intermediateSize: 2 * hiddenSize,
            layerCount: 2, headCount: 4, kvHeadCount: 2, maxPositionCount: 64,
            eosTokenIDs: [Int(tokenizer.endOfTextID)], padTokenID: Int(tokenizer.paddingID))
    }

    static func weights(_ directory: String) throws -> Data {
        try Data(contentsOf: URL(filePath: directory + "/model.safetensors"))
    }
}

/// A directory that is gone after the test.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = FileManager.default.temporaryDirectory.path + "/hone-training-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("left \(path) behind: \(error)")
        }
    }
    return try await body(path)
}
