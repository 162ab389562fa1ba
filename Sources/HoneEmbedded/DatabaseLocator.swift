/// Where the commands find their database.
public enum DatabaseLocator {
    /// `HONE_DATABASE_URL`, else the URL of the embedded server, if it runs.
    /// - Throws: ``EmbeddedError/notRunning(home:)`` when neither is there.
    public static func url(environment: [String: String]) throws(EmbeddedError) -> String {
        if let url = environment["HONE_DATABASE_URL"], !url.isEmpty { return url }
        let home = EmbeddedHome(environment: environment)
        guard let url = try PrivateFile.read(home.connectionFile), home.hasServer else {
            throw .notRunning(home: home.path)
        }
        return url
    }
}
