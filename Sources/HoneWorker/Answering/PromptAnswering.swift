import Foundation
public import HoneInference

/// Answers a file of prompts slice by slice, so that memory does not grow with the file.
public struct PromptAnswering: Sendable {
    private let model: LoadedModel
    private let plan: RoutingPlan?
    private let sampling: SamplingParameters
    private let maximumNewTokens: Int
    private let stopTexts: [String]
    private let includesLogProbs: Bool
    private let sliceCount: Int

    /// `sliceCount` prompts are held in memory at a time; without a plan every answer goes through all layers.
    public init(
        model: LoadedModel, plan: RoutingPlan? = nil, sampling: SamplingParameters, maximumNewTokens: Int,
        stopTexts: [String],
        includesLogProbs: Bool, sliceCount: Int
    ) {
        self.model = model
        self.plan = plan
        self.sampling = sampling
        self.maximumNewTokens = maximumNewTokens
        self.stopTexts = stopTexts
        self.includesLogProbs = includesLogProbs
        self.sliceCount = sliceCount
    }

    /// - Parameters:
    ///   - prompts: a path; `-` is standard input.
    ///   - out: a path; `-` is standard output.
    /// - Returns: the number of prompts answered.
    /// - Throws: `WorkerError.file` with the line of a prompt that cannot be answered.
    public func run(prompts: String, out: String) async throws -> Int {
        if let plan { try await model.engine.check(plan) }
        var reader = try LineReader(path: prompts)
        let output = try Self.open(out)
        var answeredCount = 0
        while true {
            let slice = try nextSlice(&reader, path: prompts)
            if slice.isEmpty { return answeredCount }
            let answers = try await model.answer(slice.map { ($0.line.prompt, $0.request) }, plan: plan)
            for (item, answer) in zip(slice, answers) {
                let line = AnswerLine(
                    prompt: item.line, promptTokenCount: item.request.prompt.count, result: answer.result,
                    route: answer.route, includesLogProbs: includesLogProbs)
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
                var sampling = sampling
                sampling.seed &+= UInt64(reader.lineNumber)
                let request = try model.request(
                    line.messages, else: line.prompt, maximumNewTokens: line.maximumNewTokens ?? maximumNewTokens,
                    sampling: sampling, stopTexts: stopTexts)
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
