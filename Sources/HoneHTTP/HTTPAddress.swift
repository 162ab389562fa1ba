internal import FoundationEssentials

/// Where a server is: scheme, host, port and perhaps a path, as in `http://10.0.0.7:8000`. It carries no credentials,
/// so that it may be shown.
public struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// - Throws: `HTTPError.badAddress`, with the user and password of the text hidden.
    public init(_ text: String) throws(HTTPError) {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host, !host.isEmpty
        else {
            throw .badAddress(Self.shown(text), reason: "it should look like http://host:8000")
        }
        guard scheme == "http" || scheme == "https" else {
            throw .badAddress(Self.shown(text), reason: "the scheme must be http or https")
        }
        guard url.user == nil, url.password == nil, !text.contains("@") else {
            throw .badAddress(Self.shown(text), reason: "a key goes into a file or the environment, never in here")
        }
        guard url.query == nil, url.fragment == nil else {
            throw .badAddress(Self.shown(text), reason: "it must not have a query")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .badAddress(Self.shown(text), reason: "it has a character that no address has")
        }
        description = text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private init(unchecked text: String) {
        description = text
    }

    /// A path of the server; `path` begins with a slash and may end with a query of plain words.
    public func appending(_ path: String) -> HTTPAddress {
        HTTPAddress(unchecked: description + path)
    }

    /// For an error: without anything that could be a password.
    private static func shown(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return String(text.prefix(200)) }
        return "…" + String(text[at...].prefix(200))
    }
}
