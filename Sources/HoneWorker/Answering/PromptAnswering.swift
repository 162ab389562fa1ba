import Foundation
public import HoneGrammar
public import HoneInference

/// Answers a file of prompts slice by slice, so that memory does not grow with the file.
public struct PromptAnswering: Sendable {
    private let model: LoadedModel
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
        public var includesPickedLogProbs = false

        public init(maximumNewTokens: Int) { self.maximumNewTokens = maximumNewTokens }
    }

    /// `sliceCount` prompts are held in memory at a time.
    public init(model: LoadedModel, options: Options, sliceCount: Int) {
        self.model = model
        self.options = options
        self.sliceCount = sliceCount
    }

    /// - Parameters:
    ///   - prompts: a path; `-` is standard input.
    ///   - out: a path; `-` is standard output.
    /// - Returns: the number of prompts answered.
    /// - Throws: `WorkerError.file` with the line of a prompt that cannot be answered.
    public func run(prompts: String, out: String) async throws -> Int {
        var reader = try LineReader(path: prompts)
        let output = try Self.open(out)
        var answeredCount = 0
        while true {
            let slice = try nextSlice(&reader, path: prompts)
            if slice.isEmpty { return answeredCount }
            let results = try await model.answer(slice.map { ($0.line.prompt, $0.request) })
            for (item, result) in zip(slice, results) {
                let line = AnswerLine(
                    prompt: item.line, promptTokenCount: item.request.prompt.count, result: result,
                    includesLogProbs: options.includesLogProbs)
                try output.write(contentsOf: line.json() + Data("\n".utf8))
            }
            answeredCount += slice.count
        }
    }

    private func nextSlice(
        _ reader: inout LineReader, path: String
    ) throws(WorkerError) -> [(line: PromptLine, request: GenerationRequest)] {
        var slice: [(line: PromptLine, request: GenerationRequest)] = []
        while slice.count < sliceCount, let text = try reader.next() {
            if text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            do {
                let line = try PromptLine(json: text, lineNumber: reader.lineNumber)
                var sampling = options.sampling
                sampling.seed &+= UInt64(reader.lineNumber)
                var request = try model.request(
                    line.messages, else: line.prompt,
                    maximumNewTokens: line.maximumNewTokens ?? options.maximumNewTokens, sampling: sampling,
                    stopTexts: options.stopTexts, format: line.format ?? options.format)
                request.includesStopText = options.includesStopText
                request.wantsPickedLogProbs = options.includesPickedLogProbs
                try model.engine.check(request)
                slice.append((line, request))
            } catch {
                throw .file(path: path, line: reader.lineNumber, fault: "\(error)")
            }
        }
        return slice
    }

    private static func open(_ path: String) throws(WorkerError) -> FileHandle {
        if path == "-" { return .standardOutput }
        do {
            try Data().write(to: URL(filePath: path))
            return try FileHandle(forWritingTo: URL(filePath: path))
        } catch {
            throw .file(path: path, line: nil, fault: "cannot be written: \(error.localizedDescription)")
        }
    }
}
