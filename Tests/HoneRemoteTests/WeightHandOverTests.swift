import Crypto
import Foundation
import HoneHTTP
import HoneRemote
import HostileServer
import Synchronization
import Testing

@Suite struct WeightHandOverTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)")
    private let manifest: CheckpointManifest

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let weights = Data("weights".utf8)
        try weights.write(to: directory.appending(path: "model.safetensors"))
        let sum = SHA256.hash(data: weights).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        manifest = CheckpointManifest(
            weightVersion: "7", files: [.init(path: "model.safetensors", bytes: 7, sha256: sum)])
        try manifest.write(to: directory)
    }

    /// A vLLM as it should be, with its weights' name; `change` may answer in its place.
    private final class Server: Sendable {
        let version = Mutex("6")
        let steps = Mutex<[String]>([])

        func start(
            checksum: String = "c",
            _ change: @escaping @Sendable (ReceivedRequest, HostileConnection) -> Bool = { _, _ in false }
        ) throws -> HostileServer {
            try HostileServer { [self] request, connection in
                if request.method == "POST" { steps.withLock { $0.append(request.path) } }
                if change(request, connection) { return }
                switch request.path {
                case "/weight_info", "/get_model_info":
                    connection.answer("{\"weight_version\":\"\(version.withLock { $0 })\"}")
                case "/is_paused": connection.answer("{\"is_paused\":false}")
                case "/weight_checker": connection.answer("{\"checksums\":{\"a\":\"\(checksum)\"}}")
                case "/finish_weight_update":
                    version.withLock { $0 = request.json["weight_version"] as? String ?? "?" }
                    connection.answer("{\"message\":\"Weight update finished\"}")
                case "/update_weights_from_disk":
                    version.withLock { $0 = request.json["weight_version"] as? String ?? "?" }
                    connection.answer("{\"success\":true,\"message\":\"ok\"}")
                default: connection.answer("{}")
                }
            }
        }
    }

    private func run(_ servers: HostileServer..., dialect: Dialect = .vllm, limit: Duration = .seconds(10)) async throws
    {
        let configuration = RemoteEngineConfiguration(
            endpoints: try servers.map { try HTTPAddress($0.url) }, dialect: dialect)
        try await WeightHandOver(configuration, client: RemoteFixture.client, stepLimit: limit).run(
            manifest, in: directory)
    }

    @Test func vLLMTakesTheStepsInTheirOrder() async throws {
        let server = Server()
        let listening = try server.start()
        try await run(listening)
        #expect(
            server.steps.withLock { $0 } == [
                "/pause?mode=wait", "/start_weight_update", "/update_weights", "/finish_weight_update", "/resume",
                "/weight_checker",
            ])
        let update = try #require(listening.requests.first { $0.path == "/update_weights" })
        #expect((update.json["update_info"] as? [String: String])?["path"] == directory.path)
        try await run(listening)
        #expect(server.steps.withLock { $0.filter { $0 == "/update_weights" }.count } == 1, "it had them already")
    }

    @Test func sGLangTakesOneStep() async throws {
        let server = Server()
        let listening = try server.start()
        try await run(listening, dialect: .sglang)
        let update = try #require(listening.requests.first { $0.path == "/update_weights_from_disk" })
        #expect(update.json["model_path"] as? String == directory.path)
        #expect(update.json["weight_version"] as? String == "7" && update.json["flush_cache"] as? Bool == true)
    }

    @Test func aDirectoryThatIsNotWhatItsManifestSaysReachesNoServer() async throws {
        let server = Server()
        let listening = try server.start()
        try Data("WEIGHTS".utf8).write(to: directory.appending(path: "model.safetensors"))
        await #expect(throws: HandOverError.self) { try await run(listening) }
        try Data("weights".utf8).write(to: directory.appending(path: "model.safetensors"))
        try Data("more".utf8).write(to: directory.appending(path: "other.safetensors"))
        await #expect(throws: HandOverError.self) { try await run(listening) }
        try FileManager.default.removeItem(at: directory.appending(path: "model.safetensors"))
        await #expect(throws: HandOverError.self) { try await run(listening) }
        #expect(listening.requests.isEmpty)
    }

    @Test func aServerThatSaysYesAndDoesNothingIsFoundOut() async throws {
        let server = try Server().start { request, connection in
            guard request.path == "/finish_weight_update" else { return false }
            connection.answer("{\"message\":\"Weight update finished\"}")
            return true
        }
        await #expect(throws: HandOverError.mismatch(endpoint: server.url, fault: "it answers with '6', not '7'")) {
            try await run(server)
        }
    }

    @Test func twoServersWithOtherWeightsUnderOneNameAreFoundOut() async throws {
        let (first, second) = (try Server().start(), try Server().start(checksum: "garbage"))
        await #expect(
            throws: HandOverError.mismatch(
                endpoint: second.url, fault: "its weights have other checksums than those of \(first.url)")
        ) { try await run(first, second) }
    }

    @Test func aServerThatFailsBeforeAnythingChangedGoesOnWithWhatItHas() async throws {
        let server = Server()
        let listening = try server.start { request, connection in
            guard request.path == "/start_weight_update" else { return false }
            connection.answer(500, "{\"detail\":\"no room\"}")
            return true
        }
        let error = await #expect(throws: HandOverError.self) { try await run(listening) }
        #expect("\(try #require(error))".contains("no room"))
        #expect(server.steps.withLock { $0 }.last == "/resume")
    }

    @Test func aServerThatFailsHalfWayIsNotResumed() async throws {
        let server = Server()
        let listening = try server.start { request, connection in
            guard request.path == "/update_weights" else { return false }
            connection.answer(500, "{\"detail\":\"a shard is missing\"}")
            return true
        }
        await #expect(throws: HandOverError.self) { try await run(listening) }
        #expect(server.steps.withLock { $0 }.last == "/update_weights")
    }

    @Test func aServerThatHangsRunsOutOfItsTime() async throws {
        let server = try Server().start { request, connection in
            guard request.path == "/update_weights" else { return false }
            connection.waitForClose()
            return true
        }
        let error = await #expect(throws: HandOverError.self) { try await run(server, limit: .milliseconds(300)) }
        #expect("\(try #require(error))".contains("silent"))
    }

    @Test func aServerOfSGLangThatRefusesIsBelieved() async throws {
        let server = try Server().start { request, connection in
            guard request.path == "/update_weights_from_disk" else { return false }
            connection.answer("{\"success\":false,\"message\":\"shape mismatch\"}")
            return true
        }
        let error = await #expect(throws: HandOverError.self) { try await run(server, dialect: .sglang) }
        #expect("\(try #require(error))".contains("shape mismatch"))
    }
}
