import ArgumentParser
import Logging

/// How the program logs, always on standard error.
struct LogOptions: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
    }

    @Option(
        help: ArgumentHelp("The least level that is logged: trace, debug, info, warning, error.", valueName: "level"),
        transform: { word in
            guard let level = Logger.Level(rawValue: word) else {
                throw ValidationError("there is no log level '\(word)'")
            }
            return level
        })
    var logLevel: Logger.Level = .info

    @Option(help: ArgumentHelp("Lines for people, or one JSON object per line.", valueName: "format"))
    var logFormat: Format = .text

    func makeLogger(_ label: String) -> Logger {
        var logger =
            switch logFormat {
            case .text: Logger(label: label) { StreamLogHandler.standardError(label: $0) }
            case .json: Logger(label: label) { JSONLogHandler(label: $0) }
            }
        logger.logLevel = logLevel
        return logger
    }
}
