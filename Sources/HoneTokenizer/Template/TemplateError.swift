/// Why a chat template cannot be followed: a construct that Hone does not know, or one that failed, and its line.
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
    public let line: Int
    public let reason: String

    public var description: String { "chat template, line \(line): \(reason)" }
}
