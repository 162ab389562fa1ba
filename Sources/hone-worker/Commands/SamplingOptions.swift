import ArgumentParser
import HoneInference

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

    @Option(help: ArgumentHelp("The draws' seed.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("End before this text; may be given again.", valueName: "text"))
    var stop: [String] = []

    func validate() throws {
        if maxNewTokens < 1 { throw ValidationError("--max-new-tokens must be at least 1.") }
        if !(temperature >= 0 && temperature.isFinite) { throw ValidationError("--temperature must be 0 or more.") }
        if topK < 0 { throw ValidationError("--top-k must be 0 or more.") }
        if !(topP > 0 && topP <= 1) { throw ValidationError("--top-p must lie above 0 and up to 1.") }
    }

    var parameters: SamplingParameters {
        SamplingParameters(temperature: temperature, topK: topK, topP: topP, seed: seed)
    }
}
