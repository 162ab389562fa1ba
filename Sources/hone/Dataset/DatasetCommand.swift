import ArgumentParser

/// `hone dataset`: looking at datasets and taking them out.
struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Lists, shows and exports datasets; 'hone ingest' fills them.",
        discussion: """
            EXAMPLES
              hone dataset list
              hone dataset show svamp
              hone dataset export svamp --split test > svamp-test.jsonl
            """,
        subcommands: [DatasetList.self, DatasetShow.self, DatasetExport.self, DatasetBaseline.self])
}
