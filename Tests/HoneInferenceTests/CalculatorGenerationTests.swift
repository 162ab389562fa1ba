import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer
import Testing

/// Sixteen tokens, of which a random model makes sums soon enough.
private struct SumTokenizer: Tokenizer {
    static let pieces = (0...9).map { "\($0)" } + ["+", "-", "=", "\n"]

    let vocabularySize = 16
    let endOfTextID: Int32 = 14
    let paddingID: Int32 = 15

    func encode(_ text: String, parsingSpecialTokens: Bool) -> [Int32] {
        text.compactMap { piece in Self.pieces.firstIndex(of: String(piece)).map(Int32.init) }
    }

    func bytes(of id: Int32, keepingSpecialTokens: Bool) -> [UInt8] {
        Self.pieces.indices.contains(Int(id)) ? Array(Self.pieces[Int(id)].utf8) : []
    }
}

@Suite struct CalculatorGenerationTests {
    private func generate(usesCalculator: Bool) async throws -> [GenerationResult] {
        let model = CausalLanguageModel(
            ModelConfiguration(
                vocabularySize: 16, hiddenSize: 16, intermediateSize: 24, layerCount: 1, headCount: 2, kvHeadCount: 2,
                maxPositionCount: 96, initializerRange: 0.2),
            generator: Generator(seed: 3))
        let requests = (0..<200).map { number in
            GenerationRequest(
                prompt: [Int32(number % 14)], maximumNewTokens: 40,
                sampling: SamplingParameters(temperature: 1, seed: UInt64(number)), usesCalculator: usesCalculator)
        }
        return try await GenerationEngine(model: model, tokenizer: SumTokenizer()).generate(requests)
    }

    /// Lines `expression=value` that are complete, with whether the value is right.
    private func equations(in results: [GenerationResult]) -> [Bool] {
        results.flatMap { result in
            let lines: [Substring] = result.text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.dropLast().compactMap { line -> Bool? in
                guard let sign = line.lastIndex(of: "="), let value = Calculator.continuation(of: "\(line[...sign])")
                else { return nil }
                return "\(line[sign...])\n" == "=" + value
            }
        }
    }

    @Test func `every equation that is begun has its exact value`() async throws {
        let equations = equations(in: try await generate(usesCalculator: true))
        #expect(equations.count > 50)
        #expect(!equations.contains(false))
    }

    @Test func `without the calculator the same model is mostly wrong`() async throws {
        let equations = equations(in: try await generate(usesCalculator: false))
        #expect(equations.count { $0 } * 2 < equations.count)
    }

    @Test func `what the calculator wrote was certain, and counts as written`() async throws {
        for result in try await generate(usesCalculator: true) {
            #expect(result.tokens.count == result.logProbs.count)
            #expect(result.tokens.count <= 40)
            #expect(SumTokenizer().decode(result.tokens) == result.text)
        }
        let written = try await generate(usesCalculator: true).flatMap(\.logProbs).count { $0 == 0 }
        #expect(written > 100)
    }
}
