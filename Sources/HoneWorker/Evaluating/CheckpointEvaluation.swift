import HoneCatalog
import HoneEvaluation
import HoneInference
import HonePostgres
import HoneQueue

/// Answers examples with one checkpoint and checks the answers.
struct CheckpointEvaluation: Sendable {
    /// Prompts per call of the engine: between two slices progress is reported.
    private static let sliceCount = 256

    let evaluation: Evaluation
    let results: [GenerationResult]

    /// Answers and checks all of them; `onSlice` gets the number of examples answered so far.
    init(
        of examples: [CutExample], with model: LoadedModel, maximumNewTokens: Int,
        onSlice: (_ doneCount: Int) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        var results: [GenerationResult] = []
        for first in stride(from: 0, to: examples.count, by: Self.sliceCount) {
            let slice = examples[first..<min(examples.count, first + Self.sliceCount)]
            results += try await Self.answer(
                slice.map { example in
                    (example.prompt, try model.request(else: example.prompt, maximumNewTokens: maximumNewTokens))
                }, with: model)
            try await onSlice(results.count)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        self.results = results
        evaluation = Evaluation(
            zip(examples, results).map { AnsweredExample($0, $1) }, seconds: seconds)
    }

    /// A prompt that the model cannot take in, being too long for it, counts as answered with nothing.
    private static func answer(
        _ requests: [(prompt: String, request: GenerationRequest)], with model: LoadedModel
    ) async throws -> [GenerationResult] {
        var results = [GenerationResult](repeating: .nothing, count: requests.count)
        let possible = requests.indices.filter { index in
            do throws(InferenceError) {
                try model.engine.check(requests[index].request)
                return true
            } catch {
                return false
            }
        }
        for (index, answer) in zip(possible, try await model.answer(possible.map { requests[$0] })) {
            results[index] = answer.result
        }
        return results
    }

    /// The answers as samples of a job.
    func rows(of examples: [CutExample], job: ClaimedJob, checkpoint: Int64) -> [NewSample] {
        examples.indices.map { index in
            NewSample(
                job: job, ordinal: index, checkpoint: checkpoint, example: examples[index].id,
                prompt: examples[index].prompt, result: results[index], verdict: evaluation.verdicts[index],
                isScored: true)
        }
    }
}

extension AnsweredExample {
    fileprivate init(_ example: CutExample, _ result: GenerationResult) {
        self.init(
            key: "\(example.id)", prompt: example.prompt, reference: example.answer, level: example.level,
            completion: result.text, tokenCount: result.tokens.count, finishReason: result.finishReason.rawValue)
    }
}
