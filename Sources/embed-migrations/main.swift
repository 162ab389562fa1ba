// Writes a Swift file that holds the given SQL files: embed-migrations OUTPUT INPUT…
// A build step; see Plugins/EmbedMigrations.

import Foundation

let arguments = CommandLine.arguments.dropFirst()
guard let output = arguments.first else {
    FileHandle.standardError.write(Data("usage: embed-migrations OUTPUT INPUT…\n".utf8))
    exit(2)
}
let entries = try arguments.dropFirst().map { path in
    let sql = try String(contentsOfFile: path, encoding: .utf8)
    let name = URL(filePath: path).lastPathComponent
    return "    (\"\(name)\", ####\"\"\"\n\(sql)\n\"\"\"####),\n"
}
let source = "let embeddedMigrations: [(fileName: String, sql: String)] = [\n\(entries.joined())]\n"
try source.write(toFile: output, atomically: true, encoding: .utf8)
