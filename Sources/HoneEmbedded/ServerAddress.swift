import Foundation

/// How to reach the embedded server as its superuser.
struct ServerAddress: Sendable {
    static let user = "hone"
    static let database = "hone"

    let port: Int
    let password: String

    var url: String { "postgresql://\(Self.user):\(password)@127.0.0.1:\(port)/\(Self.database)" }

    func socketURL(_ directory: String, database: String = database) -> String {
        let host = directory.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? directory
        return "postgresql://\(Self.user):\(password)@/\(database)?host=\(host)&port=\(port)"
    }
}
