import ArgumentParser
import Foundation
import HoneDatasets
import HoneGrammar
import HoneInference
import HoneWorker

/// How tokens are picked.
struct SamplingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("At most so many tokens per answer.", valueName: "count"))
    var maxNewTokens = 256

    @Option(help: ArgumentHelp("0 takes the likeliest token each time.", valueName: "number"))
    var temperature = 0.0

    @Option(help: ArgumentHelp("Draw from the so many likeliest tokens; 0 means all.", valueName: "count"))
    var topK = 0

    @Option(help: ArgumentHelp("Draw from the likeliest tokens that reach this share.", valueName: "share"))
    var topP = 1.0

    @Option(
        help: ArgumentHelp("Draw from tokens at least so many times as likely as the likeliest.", valueName: "share"))
    var minP = 0.0

    @Option(help: ArgumentHelp("Taken from the logit of a token that was generated.", valueName: "number"))
    var presencePenalty = 0.0

    @Option(help: ArgumentHelp("Taken from a token's logit for each time it was generated.", valueName: "number"))
    var frequencyPenalty = 0.0

    @Option(help: ArgumentHelp("Makes tokens of prompt and answer less likely, above 1.", valueName: "factor"))
    var repetitionPenalty = 1.0

    @Option(help: ArgumentHelp("Added to a token's logit; may be given again.", valueName: "id=number"))
    var logitBias: [String] = []

    @Option(help: ArgumentHelp("The draws' seed.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("End before this text; may be given again.", valueName: "text"))
    var stop: [String] = []

    @Flag(help: "Let the text end with the stop text instead of before it.")
    var includeStop = false

    @Option(help: ArgumentHelp("Every answer matches this pattern as a whole.", valueName: "pattern"))
    var regex: String?

    @Option(help: ArgumentHelp("Every answer is JSON that the schema in this file accepts.", valueName: "file"))
    var jsonSchema: String?

    func validate() throws {
        if maxNewTokens < 1 { throw ValidationError("--max-new-tokens must be at least 1.") }
        if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature must be 0 or more.") }
        if topK < 0 { throw ValidationError("--top-k must be 0 or more.") }
        if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p must lie above 0 and up to 1.") }
        if regex != nil, jsonSchema != nil { throw ValidationError("Give --regex or --json-schema, not both.") }
        _ = try logitBias.map(Self.bias)
    }

    func answerOptions() throws -> PromptAnswering.Options {
        var options = PromptAnswering.Options(maximumNewTokens: maxNewTokens)
        options.sampling = SamplingParameters(temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed)
        options.sampling.presencePenalty = presencePenalty
        options.sampling.frequencyPenalty = frequencyPenalty
        options.sampling.repetitionPenalty = repetitionPenalty
        options.sampling.logitBias = Dictionary(try logitBias.map(Self.bias)) { $1 }
        options.stopTexts = stop
        options.includesStopText = includeStop
        options.format =
            try regex.map(AnswerFormat.regex)
            ?? jsonSchema.map { .jsonSchema(try Self.text(of: $0)) }
        return options
    }

    private static func text(of file: String) throws -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ValidationError("--json-schema \(file) cannot be read: \(error.fileReason)")
        }
    }

    private static func bias(_ text: String) throws -> (Int32, Float) {
        let parts = text.split(separator: "=")
        guard parts.count == 2, let token = Int32(parts[0]), let bias = Float(parts[1]) else {
            throw ValidationError("--logit-bias \(text): give a token's id and a number, as in 50=-2.5.")
        }
        return (token, bias)
    }
}
