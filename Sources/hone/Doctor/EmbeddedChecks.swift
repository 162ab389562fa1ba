import Foundation
import HoneEmbedded

/// What the private PostgreSQL of `hone dev` needs.
enum EmbeddedChecks {
    private static let home = EmbeddedHome(environment: ProcessInfo.processInfo.environment)

    static func directory() -> Finding {
        let name = "data directory"
        guard FileManager.default.fileExists(atPath: home.path) else {
            return .ok(name, "\(home.path), made by the first 'hone dev'")
        }
        guard access(home.path, R_OK | W_OK | X_OK) == 0 else {
            return .fail(
                name, "\(home.path): \(String(cString: strerror(errno)))",
                mend: "give it to this user (chown), or set HONE_HOME to another directory")
        }
        guard FileManager.default.fileExists(atPath: home.connectionFile) else {
            return .ok(name, "\(home.path), no cluster yet")
        }
        var status = stat()
        guard stat(home.connectionFile, &status) == 0, status.st_mode & 0o077 == 0 else {
            return .fail(
                name, "\(home.connectionFile) holds a password and others may read it",
                mend: "chmod 600 \(home.connectionFile)")
        }
        return .ok(name, home.path)
    }

    static func space() -> Finding {
        MachineChecks.space(home.path)
    }
}
