import ArgumentParser

/// `hone reproduce`: handed over to `hone-bench`, which defines its options.
struct Reproduce: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures each claim of the design on this machine, with its control.",
        discussion: """
            EXAMPLES
              hone reproduce
              hone reproduce --only feedback,collapse --out docs
              hone reproduce --page

            'hone reproduce --help' lists the options; hone-bench carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toBench("reproduce", arguments)
    }
}
