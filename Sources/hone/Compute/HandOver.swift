import Foundation

/// Becomes another program of Hone's: the process is replaced, so signals, output and exit status are that program's.
enum HandOver {
    /// Replaces this process by `hone-worker COMMAND ARGUMENTS…`; returns only by throwing.
    static func toWorker(_ command: String, _ arguments: [String]) throws(CommandError) -> Never {
        try become(try workerPath(), [command] + arguments)
    }

    /// Replaces this process by `hone-bench COMMAND ARGUMENTS…`; returns only by throwing.
    static func toBench(_ command: String, _ arguments: [String]) throws(CommandError) -> Never {
        try become(try path(of: "hone-bench"), [command] + arguments)
    }

    private static func become(_ path: String, _ arguments: [String]) throws(CommandError) -> Never {
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        execv(path, words)
        throw .programNotStarted(path: path, reason: String(cString: strerror(errno)))
    }

    /// Where this program lies, and the others beside it.
    static var programFolder: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    /// The `hone-worker` that was built or installed together with this program.
    static func workerPath() throws(CommandError) -> String { try path(of: "hone-worker") }

    private static func path(of name: String) throws(CommandError) -> String {
        let folder = programFolder
        let path = folder.appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw .programMissing(name: name, folder: folder.path)
        }
        return path
    }
}
