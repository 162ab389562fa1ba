import Foundation
import HoneArtifacts
import HoneEmbedded
import HonePostgres

/// What the environment says about where things are.
enum Surroundings {
    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The store in `HONE_ARTIFACTS`, else beside the private cluster.
    static func artifacts() throws -> ArtifactStore {
        let root =
            if let given = environment["HONE_ARTIFACTS"], !given.isEmpty { given } else {
                EmbeddedHome(environment: environment).path + "/artifacts"
            }
        return try ArtifactStore(root: URL(filePath: root))
    }

    static func pool(databaseURL: String?, connectionCount: Int) throws -> PostgresPool {
        let url = try databaseURL ?? DatabaseLocator.url(environment: environment)
        return PostgresPool(
            configuration: try PostgresConfiguration(url: url), limits: .init(maximum: connectionCount))
    }

    /// What is written beside results.
    static var codeVersion: String { CodeVersion.current(environment: environment) }
}
