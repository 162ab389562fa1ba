internal import Crypto
public import Foundation
public import HoneHTTP

/// Gives a checkpoint's directory to servers and makes sure that they answer with it.
///
/// The directory must lie where the servers see it under the same path. Servers are taken one after the other, so that
/// the others answer meanwhile; each is asked afterwards what it answers with, since a server's "200 OK" is no proof.
public struct WeightHandOver: Sendable {
    private let servers: [RemoteServer]
    private let dialect: Dialect
    private let limits: HTTPLimits

    /// - Parameters:
    ///   - configuration: the servers; of vLLM's or SGLang's dialect
    ///   - client: to speak to them with
    ///   - stepLimit: the longest that one step at one server may take, such as loading the files
    public init(_ configuration: RemoteEngineConfiguration, client: HTTPClient, stepLimit: Duration = .seconds(600)) {
        var limits = configuration.limits
        (limits.firstByte, limits.betweenBytes, limits.total) = (stepLimit, stepLimit, stepLimit * 2)
        limits.bodyByteCount = 64 << 20
        self.limits = limits
        dialect = configuration.dialect
        servers = configuration.endpoints.map {
            RemoteServer(address: $0, client: client, key: configuration.key, limits: configuration.limits)
        }
    }

    /// Hands the directory over to every server that does not answer with it already.
    /// - Throws: `HandOverError`; the servers that come after the one that failed keep what they have.
    public func run(_ manifest: CheckpointManifest, in directory: URL) async throws(HandOverError) {
        try manifest.check(directory)
        var sums: (endpoint: String, digest: String)?
        for server in servers {
            let name = server.address.description
            let current = try await at(name, "asking for its weights") { () async throws(RemoteTrouble) in
                try await server.weightVersion(dialect)
            }
            if current != manifest.weightVersion { try await give(manifest, in: directory, to: server) }
            try await confirm(manifest.weightVersion, at: server)
            guard let digest = try await checksum(of: server) else { continue }
            if let sums, sums.digest != digest {
                throw .mismatch(
                    endpoint: name, fault: "its weights have other checksums than those of \(sums.endpoint)")
            }
            sums = (name, digest)
        }
    }

    private func give(
        _ manifest: CheckpointManifest, in directory: URL, to server: RemoteServer
    ) async throws(HandOverError) {
        let version = manifest.weightVersion
        switch dialect {
        case .vllm:
            // Waiting lets what runs end with the weights that it began with; what comes meanwhile goes to others.
            try await step("/pause?mode=wait", Nothing(), server)
            do {
                try await step("/start_weight_update", Nothing(), server)
            } catch {
                // Nothing was changed yet, so that it may go on with what it has.
                try await step("/resume", Nothing(), server)
                throw error
            }
            // From here on a server that fails stays paused: half of its weights may be new.
            try await step("/update_weights", DiskUpdate(update_info: .init(path: directory.path)), server)
            try await step("/finish_weight_update", Finish(weight_version: version), server)
            try await step("/resume", Nothing(), server)
        case .sglang:
            let reply = try await at(server.address.description, "/update_weights_from_disk") {
                () async throws(RemoteTrouble) in
                try await server.post(
                    "/update_weights_from_disk",
                    SGLangUpdate(model_path: directory.path, weight_version: version), limits: limits,
                    as: SGLangReply.self)
            }
            guard reply.success else {
                throw .failed(
                    endpoint: server.address.description, step: "/update_weights_from_disk",
                    reason: reply.message ?? "it says no reason")
            }
        case .completions, .chat:
            throw .failed(
                endpoint: server.address.description, step: "the beginning",
                reason: "servers of the form '\(dialect.rawValue)' have no way to take weights")
        }
    }

    private func step(_ path: String, _ body: some Encodable & Sendable, _ server: RemoteServer)
        async throws(HandOverError)
    {
        _ = try await at(server.address.description, path) { () async throws(RemoteTrouble) in
            try await server.post(path, body, limits: limits, as: Nothing.self)
        }
    }

    /// Asks what the server answers with now.
    private func confirm(_ version: String, at server: RemoteServer) async throws(HandOverError) {
        let name = server.address.description
        let now = try await at(name, "asking for its weights") { () async throws(RemoteTrouble) in
            try await server.weightVersion(dialect)
        }
        guard now == version else {
            throw .mismatch(endpoint: name, fault: "it answers with '\(now)', not '\(version)'")
        }
        guard dialect == .vllm else { return }
        let paused = try await at(name, "asking whether it is paused") { () async throws(RemoteTrouble) in
            try await server.get("/is_paused", as: Paused.self)
        }
        if paused.is_paused { throw .mismatch(endpoint: name, fault: "it is still paused") }
    }

    /// One digest of all checksums of a server's weights; nil where it computes none.
    private func checksum(of server: RemoteServer) async throws(HandOverError) -> String? {
        guard dialect == .vllm else { return nil }
        let reply: Checksums
        do {
            reply = try await server.post(
                "/weight_checker", Check(action: "checksum"), limits: limits, as: Checksums.self)
        } catch {
            switch error {
            case .unknownModel, .garbage: return nil  // a release that has no such endpoint
            default:
                throw .failed(endpoint: server.address.description, step: "/weight_checker", reason: error.reason)
            }
        }
        var hash = SHA256()
        for (name, sum) in reply.checksums.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Data("\(name)=\(sum)\n".utf8))
        }
        return hash.finalize().map { String($0, radix: 16) }.joined(separator: ".")
    }

    private func at<Value: Sendable>(
        _ endpoint: String, _ step: String, _ body: () async throws(RemoteTrouble) -> Value
    ) async throws(HandOverError) -> Value {
        do {
            return try await body()
        } catch {
            throw .failed(endpoint: endpoint, step: step, reason: error.reason)
        }
    }
}

// MARK: - What is sent, in the servers' own words

private struct Nothing: Codable {}

private struct DiskUpdate: Encodable {
    struct Info: Encodable {
        let path: String
    }

    let update_info: Info
}

private struct Finish: Encodable {
    let weight_version: String
}

private struct Check: Encodable {
    let action: String
}

private struct Checksums: Decodable {
    let checksums: [String: String]
}

private struct Paused: Decodable {
    let is_paused: Bool
}

private struct SGLangUpdate: Encodable {
    let model_path: String
    let weight_version: String
    let flush_cache = true
}

private struct SGLangReply: Decodable {
    let success: Bool
    let message: String?
}
