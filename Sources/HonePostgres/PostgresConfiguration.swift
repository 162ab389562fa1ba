/// Where the server is and how to speak with it.
public struct PostgresConfiguration: Sendable, CustomStringConvertible {
    /// libpq's connection parameters: `host`, `port`, `user`, `password`, `dbname` …
    private var parameters: [String: String]
    /// The name under which `pg_stat_activity` shows the connections.
    public var applicationName: String
    /// How long connecting may take, the name lookup not counted.
    public var connectTimeout: Duration
    /// The server cancels every statement that runs longer; nil leaves its own setting.
    public var statementTimeout: Duration?

    /// Takes a URL (`postgresql://user:password@host:port/database?sslmode=require`) or a `keyword=value` string, as
    /// every program on libpq does; what it leaves out comes from libpq's environment and defaults.
    /// - Throws: ``PostgresError/invalidConfiguration(_:)``.
    public init(
        url: String, applicationName: String = "hone", connectTimeout: Duration = .seconds(10),
        statementTimeout: Duration? = nil
    ) throws(PostgresError) {
        parameters = try LibPQConnection.parse(url)
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
    }

    /// The database's name.
    public var database: String { parameters["dbname"] ?? parameters["user"] ?? "the default database" }

    /// The same server with another database.
    public func with(database: String) -> PostgresConfiguration {
        var configuration = self
        configuration.parameters["dbname"] = database
        return configuration
    }

    /// The connection string by which another program reaches the same database; it holds the password.
    public var connectionString: String {
        parameters.sorted { $0.key < $1.key }.map { keyword, value in
            let quoted = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return "\(keyword)='\(quoted)'"
        }.joined(separator: " ")
    }

    /// The server and the database; never the password.
    public var description: String {
        let host = parameters["host"] ?? parameters["hostaddr"] ?? "the local socket"
        return "\(database) on \(host):\(parameters["port"] ?? "5432")"
    }

    /// All that libpq needs. A dead peer is noticed after about ten seconds: by probes while the connection is idle,
    /// by unacknowledged data while it is not.
    var libpqParameters: [String: String] {
        var all = [
            "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3", "tcp_user_timeout": "10000",
            "fallback_application_name": applicationName, "client_encoding": "UTF8",
        ]
        all.merge(parameters) { $1 }
        // A statement whose program was killed ends instead of computing on, and committing, unseen.
        var options = "-c client_connection_check_interval=5s \(all["options"] ?? "")"
        if let statementTimeout {
            let milliseconds = Int64((statementTimeout / .milliseconds(1)).rounded(.up))
            options += " -c statement_timeout=\(milliseconds)"
        }
        all["options"] = options
        return all
    }
}
