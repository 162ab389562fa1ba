import Foundation
import Subprocess

/// The account that the server runs as: the caller's, except that PostgreSQL refuses to run as root.
struct ServerAccount: Sendable {
    private struct Other {
        let user: uid_t
        let group: gid_t
    }

    static let name = "postgres"
    private let other: Other?

    static let current = ServerAccount(other: nil)

    static func forServer() throws(EmbeddedError) -> ServerAccount {
        guard geteuid() == 0 else { return .current }
        guard let entry = getpwnam(name)?.pointee else { throw .accountMissing }
        return ServerAccount(other: Other(user: entry.pw_uid, group: entry.pw_gid))
    }

    var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true  // so that an interrupt of the terminal does not reach the server
        return options
    }

    /// The command that runs a program as this account.
    ///
    /// The account is changed by `setpriv` and not between fork and exec: there glibc waits for threads that the child
    /// does not have, and was seen to hang in `setgroups`.
    func command(_ program: String, _ arguments: [String]) -> (program: String, arguments: [String]) {
        guard let other else { return (program, arguments) }
        let change = ["--reuid=\(other.user)", "--regid=\(other.group)", "--clear-groups", "--"]
        return ("setpriv", change + [program] + arguments)
    }

    /// Makes a directory that only this account can enter.
    func makeDirectory(_ path: String) throws(EmbeddedError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system(path) }
        try own(path)
    }

    /// Writes a file that only this account and root can read.
    func write(_ text: String, to path: String) throws(EmbeddedError) {
        try PrivateFile.write(text, to: path)
        try own(path)
    }

    /// - Throws: ``EmbeddedError/unreachable(directory:account:)`` for the first directory above that is closed to it.
    func checkReach(of path: String) throws(EmbeddedError) {
        guard other != nil else { return }
        var directory = ""
        for part in path.split(separator: "/") {
            directory += "/" + part
            var status = stat()
            guard stat(directory, &status) == 0 else { throw .system(directory) }
            guard status.st_mode & 0o001 != 0 else { throw .unreachable(directory: directory, account: Self.name) }
        }
    }

    private func own(_ path: String) throws(EmbeddedError) {
        guard let other else { return }
        guard chown(path, other.user, other.group) == 0 else { throw .system(path) }
    }
}

extension EmbeddedError {
    /// What the last system call reports about a path.
    static func system(_ path: String) -> EmbeddedError {
        errno == ENOSPC ? .diskFull(path: path) : .fileSystem(path: path, reason: String(cString: strerror(errno)))
    }
}
