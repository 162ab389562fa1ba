import ArgumentParser

/// The options that every command understands.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Print one JSON object per line.")
    var json = false

    @Option(
        name: .customLong("database-url"),
        help: ArgumentHelp("The database to talk to (default: HONE_DATABASE_URL, else 'hone dev''s).", valueName: "url")
    )
    var databaseURL: String?

    var console: Console { Console(isJSON: json) }
}
