import Foundation
import HoneDatasets

/// The payloads of an `enqueue`: each a JSON object as text, checked before anything is sent.
struct Payloads {
    let texts: [String]

    /// The same payload `count` times.
    init(_ text: String, count: Int) throws(CommandError) {
        try Self.check(text, place: "--payload")
        texts = Array(repeating: text, count: count)
    }

    /// One payload a line; `-` is standard input. Empty lines are passed over.
    init(file: String) throws(CommandError) {
        let lines = try Self.read(file).split(separator: "\n", omittingEmptySubsequences: false)
        var texts: [String] = []
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            try Self.check(String(line), place: "\(file):\(index + 1)")
            texts.append(String(line))
        }
        self.texts = texts
    }

    private static func read(_ file: String) throws(CommandError) -> String {
        do {
            let data =
                file == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data()
                : try Data(contentsOf: URL(filePath: file))
            return String(decoding: data, as: UTF8.self)
        } catch {
            throw .fileUnreadable(path: file, reason: CommandError.reason(of: error))
        }
    }

    private static func check(_ text: String, place: String) throws(CommandError) {
        do {
            let value = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            guard value is [String: Any] else {
                throw CommandError.badPayload(place: place, reason: "this is JSON, but not an object")
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw .badPayload(place: place, reason: CommandError.reason(of: error))
        }
    }
}

extension CommandError {
    /// What Foundation says went wrong, without its codes and domains.
    static func reason(of error: any Error) -> String {
        let error = error as NSError
        return error.userInfo[NSDebugDescriptionErrorKey] as? String ?? error.fileReason
    }
}
