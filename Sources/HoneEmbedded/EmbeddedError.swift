/// Why the private PostgreSQL cannot be used, each with the mend.
public enum EmbeddedError: Error, Sendable {
    case postgresMissing
    /// The cluster was made by another major version than those that are installed.
    case wrongVersion(cluster: String, installed: [String], home: String)
    case accountMissing
    /// The server's account cannot enter a directory above the cluster.
    case unreachable(directory: String, account: String)
    case portTaken(Int)
    case diskFull(path: String)
    case fileSystem(path: String, reason: String)
    /// The server or one of its programs failed for another reason.
    case serverFailed(program: String, output: String)
    case notRunning(home: String)
}

extension EmbeddedError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .postgresMissing:
            "PostgreSQL is not installed: run ops/setup, or `apt install postgresql`, or set HONE_DATABASE_URL."
        case .wrongVersion(let cluster, let installed, let home):
            """
            The cluster in \(home) was made by PostgreSQL \(cluster), but installed is \(list(installed)): \
            install postgresql-\(cluster), or set HONE_HOME to another directory for a new cluster.
            """
        case .accountMissing:
            "PostgreSQL does not run as root and there is no user “postgres”: run `apt install postgresql`."
        case .unreachable(let directory, let account):
            """
            The user “\(account)”, as whom PostgreSQL runs, cannot enter \(directory): \
            run `chmod o+x \(directory)` or set HONE_HOME to a directory that it can reach.
            """
        case .portTaken(let port):
            "Port \(port) is taken by another program: choose another or leave the choice to Hone."
        case .diskFull(let path):
            "The disk that holds \(path) is full: make room, or set HONE_HOME to a directory on another disk."
        case .fileSystem(let path, let reason):
            "\(path): \(reason)"
        case .serverFailed(let program, let output):
            "PostgreSQL's \(program) failed:\n\(output)"
        case .notRunning(let home):
            "No database: run `hone dev` (it starts one in \(home)), or set HONE_DATABASE_URL."
        }
    }

    private func list(_ versions: [String]) -> String {
        versions.isEmpty ? "none" : versions.joined(separator: ", ")
    }
}
