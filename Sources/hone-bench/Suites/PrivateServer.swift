import Foundation
import HoneEmbedded

/// A PostgreSQL for one measurement, with every commit forced to disk; gone afterwards.
enum PrivateServer {
    static func with<Value>(_ body: (_ url: String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-bench-\(UUID().uuidString.prefix(8))")
        let server = try await EmbeddedPostgres.start(in: EmbeddedHome(path: folder.path()))
        let measured: Result<Value, any Error>
        do {
            measured = .success(try await body(server.socketURL))
        } catch {
            measured = .failure(error)
        }
        try await server.stop()
        try FileManager.default.removeItem(at: folder)
        return try measured.get()
    }
}
