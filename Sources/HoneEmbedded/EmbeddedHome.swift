import Foundation

/// The directory that holds a private cluster and what other programs need to find it.
///
/// ```
/// connection       the URL, readable by the owner alone
/// lock             held while a server is started or stopped
/// postgres/        belongs to the account that the server runs as
///     data         the cluster
///     run          its Unix socket
///     password     the superuser's
///     server.log
/// ```
public struct EmbeddedHome: Sendable, Hashable {
    public let path: String

    public init(path: String) {
        self.path = URL(filePath: path).standardizedFileURL.path(percentEncoded: false).trimmingTrailingSlash()
    }

    /// `HONE_HOME`, else `/var/lib/hone` for root and `$XDG_DATA_HOME/hone` or `~/.local/share/hone` for others.
    public init(environment: [String: String]) {
        if let home = environment["HONE_HOME"], !home.isEmpty {
            self.init(path: home)
        } else if geteuid() == 0 {
            self.init(path: "/var/lib/hone")
        } else if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
            self.init(path: data + "/hone")
        } else {
            self.init(path: NSHomeDirectory() + "/.local/share/hone")
        }
    }

    public var connectionFile: String { path + "/connection" }
    public var log: String { server + "/server.log" }
    var lockFile: String { path + "/lock" }
    var server: String { path + "/postgres" }
    var data: String { server + "/data" }
    var passwordFile: String { server + "/password" }

    /// Whether a server was started here and not stopped.
    var hasServer: Bool { FileManager.default.fileExists(atPath: serverLock) }

    /// The server's own lock file, which names its process and its port.
    var serverLock: String { data + "/postmaster.pid" }

    /// Where the server's socket is. The address of a Unix socket holds 107 bytes, too few for a deep home.
    var socketDirectory: String {
        let inHome = server + "/run"
        let longestName = "/.s.PGSQL.65535.lock"
        if inHome.utf8.count + longestName.utf8.count <= 100 { return inHome }
        let hash = path.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return "/tmp/hone-" + String(hash, radix: 36)
    }
}

extension String {
    fileprivate func trimmingTrailingSlash() -> String {
        count > 1 && hasSuffix("/") ? String(dropLast()) : self
    }
}
