import Foundation
import HoneBatch
import HoneDatasets
public import HoneGrammar
public import HoneInference

/// Answers a file of prompts slice by slice, so that memory does not grow with the file.
public struct PromptAnswering: Sendable {
    private let model: LoadedModel
    private let plan: RoutingPlan?
    private let options: Options
    private let sliceCount: Int

    /// How prompts are answered that do not say it themselves.
    public struct Options: Sendable {
        public var sampling = SamplingParameters.greedy
        public var maximumNewTokens: Int
        public var stopTexts: [String] = []
        public var includesStopText = false
        /// What every answer has to be.
        public var format: AnswerFormat?
        public var includesLogProbs = false
        public var includesDrawnLogProbs = false

        public init(maximumNewTokens: Int) { self.maximumNewTokens = maximumNewTokens }
    }

    /// `sliceCount` prompts are held in memory at a time; without a plan every answer goes through all layers.
    public init(model: LoadedModel, plan: RoutingPlan? = nil, options: Options, sliceCount: Int) {
        self.model = model
        self.plan = plan
        self.options = options
        self.sliceCount = sliceCount
    }

    /// - Parameters:
    ///   - prompts: a path; `-` is standard input.
    ///   - out: a path; `-` is standard output.
    ///     Answers are under its name with `.partial` behind it until all are there.
    /// - Returns: the number of prompts answered, and of those of a batch file that were not.
    /// - Throws: `WorkerError.file` with the line of a prompt that cannot be answered; in a file of the OpenAI Batch
    ///   format such a line gets an error in its place, and the others are answered. `RoutingError` where the model
    ///   cannot follow the plan.
    public func run(prompts: String, out: String) async throws -> (answered: Int, refused: Int) {
        if let plan { try await model.engine.check(plan) }
        var reader = try LineReader(path: prompts)
        guard !AsideFile.isSame(prompts, out) else {
            throw WorkerError.file(path: out, line: nil, fault: "is the file of prompts; name another for the answers")
        }
        var output = try AsideFile(out)
        do {
            let counts = try await answer(&reader, path: prompts, to: &output)
            try output.finish()
            return counts
        } catch {
            try output.setDown()
            throw error
        }
    }

    private func answer(
        _ reader: inout LineReader, path: String, to output: inout AsideFile
    ) async throws -> (answered: Int, refused: Int) {
        var counts = (answered: 0, refused: 0)
        var isBatch: Bool?
        while true {
            let slice = try nextSlice(&reader, path: path, &isBatch)
            if slice.isEmpty { return counts }
            let asked = slice.flatMap { item in item.requests.map { (item.prompt, $0) } }
            var answers = try await model.answer(asked, plan: plan)[...]
            for item in slice {
                switch item {
                case .asked(let line, let requests):
                    let answer = AnswerLine(
                        prompt: line, promptTokenCount: requests[0].prompt.count,
                        answers: Array(answers.prefix(requests.count)), includesLogProbs: options.includesLogProbs,
                        includesDrawnLogProbs: options.includesDrawnLogProbs)
                    answers = answers.dropFirst(requests.count)
                    try output.write(answer.json())
                    counts.answered += 1
                case .refused(let answer):
                    try output.write(AnswerLine.encoder.encode(answer))
                    counts.refused += 1
                }
            }
            try output.flush()
        }
    }

    private enum Item {
        case asked(PromptLine, [GenerationRequest])
        case refused(BatchAnswer)

        var requests: [GenerationRequest] { if case .asked(_, let requests) = self { requests } else { [] } }
        var prompt: String { if case .asked(let line, _) = self { line.prompt } else { "" } }
    }

    /// `isBatch` says whether the file is of the OpenAI Batch format, as its first line tells.
    private func nextSlice(
        _ reader: inout LineReader, path: String, _ isBatch: inout Bool?
    ) throws(WorkerError) -> [Item] {
        var slice: [Item] = []
        while slice.count < sliceCount, let text = try reader.next() {
            if text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            let isBatchFile = isBatch ?? PromptLine.isBatch(text)
            isBatch = isBatchFile
            slice.append(isBatchFile ? batchItem(text, reader.lineNumber) : try item(text, reader.lineNumber, path))
        }
        return slice
    }

    private func item(_ text: Data, _ number: Int, _ path: String) throws(WorkerError) -> Item {
        do {
            let line = try PromptLine(json: text, lineNumber: number)
            return .asked(line, try requests(for: line, number))
        } catch {
            throw .file(path: path, line: number, fault: "\(error)")
        }
    }

    private func batchItem(_ text: Data, _ number: Int) -> Item {
        let read = BatchRequest.read(text)
        do {
            let line = try PromptLine(read.request.get())
            return .asked(line, try requests(for: line, number))
        } catch {
            return .refused(BatchAnswer(customID: read.customID, line: number, fault: "\(error)"))
        }
    }

    private func requests(for line: PromptLine, _ number: Int) throws -> [GenerationRequest] {
        var own = options
        own.sampling.seed &+= UInt64(number)
        return try line.requests(to: model, own)
    }
}
