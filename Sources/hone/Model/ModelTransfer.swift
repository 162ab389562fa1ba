import ArgumentParser

/// `hone model import`: handed over to `hone-worker`, which defines its options.
struct ModelImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes a Hugging Face directory of a Llama, Qwen2 or Qwen3 model into the catalog.",
        discussion: """
            EXAMPLES
              hone model import ./Qwen2.5-0.5B-Instruct --name qwen
              hone model import ./Llama-3.2-1B --name llama --layout text

            'hone model import --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("import", arguments)
    }
}

/// `hone model export`: handed over to `hone-worker`, which defines its options.
struct ModelExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a checkpoint as a directory that transformers loads.",
        discussion: """
            EXAMPLES
              hone model export tiny ./tiny-directory
              hone model export tiny@12 ./tiny-12

            'hone model export --help' lists the options; hone-worker carries the command out.
            """)

    @Argument(parsing: .captureForPassthrough, help: "The command's own options; --help lists them.")
    var arguments: [String] = []

    func run() throws {
        try HandOver.toWorker("export", arguments)
    }
}
