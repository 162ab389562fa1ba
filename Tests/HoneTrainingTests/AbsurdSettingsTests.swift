import Foundation
import HoneModel
import Testing

@testable import HoneTraining

/// Numbers that nobody can mean are refused or come to a need that no machine has; they never trap.
@Suite struct AbsurdSettingsTests {
    private static let values = ["-9223372036854775808", "-1", "0", "1000000000", "1000000001", "9223372036854775807"]
    private static let counts = [
        "steps", "tokens_per_batch", "tokens_per_micro_batch", "prompts_per_step", "samples_per_prompt",
        "max_new_tokens", "epochs", "answers_per_update", "maximum_staleness", "checkpoint_interval", "threads",
        "warm_up_steps", "batch_size", "width", "search_count",
    ]
    private let shape = ModelConfiguration(
        vocabularySize: 32_000, hiddenSize: 4096, intermediateSize: 11_008, layerCount: 32, headCount: 32,
        maxPositionCount: 4096, tiesEmbeddings: false)

    /// The need of a configuration with the settings; nil where it is refused by a name.
    private func need<Configuration: Decodable>(
        _ kind: Configuration.Type, _ settings: [String: String], _ price: (Configuration) throws -> MemoryNeed
    ) throws -> Int? {
        let text = settings.merging(["steps": "1"]) { own, _ in own }.map { "\"\($0)\": \($1)" }
        do {
            let decoder = JSONDecoder()
            return try price(
                decoder.decode(kind, from: Data("{\(text.joined(separator: ","))}".utf8))
            ).byteCount
        } catch let error as TrainingError {
            guard case .configuration = error else { throw error }
            return nil
        }
    }

    @Test(arguments: counts, counts)
    func `any two counts at their ends are refused or priced`(first: String, second: String) throws {
        for one in Self.values {
            for other in Self.values {
                let settings = [first: one].merging([second: other]) { $1 }
                let needs = [
                    try need(SFTConfiguration.self, settings) {
                        try $0.validate()
                        return MemoryNeed($0, shape: shape)
                    },
                    try need(RewardConfiguration.self, settings) {
                        try $0.validate()
                        return MemoryNeed($0, shape: shape)
                    },
                    try need(PPOConfiguration.self, settings) {
                        try $0.validate()
                        return MemoryNeed($0, shape: shape)
                    },
                ]
                for need in needs.compactMap(\.self) { #expect(need > 0) }
            }
        }
    }

    @Test func `the greatest batch needs more than any machine has, and as many threads are refused`() throws {
        let batch = try need(SFTConfiguration.self, ["tokens_per_batch": "1000000000"]) {
            MemoryNeed($0, shape: shape)
        }
        #expect(try #require(batch) > 1 << 50)
        let error = #expect(throws: TrainingError.self) {
            try JSONDecoder().decode(SFTConfiguration.self, from: Data(#"{"steps": 1, "threads": 5000}"#.utf8))
                .validate()
        }
        #expect("\(try #require(error))".contains("from 1 to 1024, is 5000"))
    }
}
