import Foundation
import HoneDatasets

/// Reads a file line by line; memory does not grow with the file.
struct LineReader {
    private let handle: FileHandle
    private let path: String
    private var buffer = Data()
    private var isAtEnd = false
    /// The number of the line that was returned last, from 1.
    private(set) var lineNumber = 0

    private static let longestLineByteCount = 4 << 20

    /// Opens a file; `-` is standard input.
    init(path: String) throws(WorkerError) {
        self.path = path
        guard path != "-" else {
            handle = .standardInput
            return
        }
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            throw .file(path: path, line: nil, fault: "cannot be read: \(error.fileReason)")
        }
    }

    /// The next line without its end; nil at the end of the file.
    mutating func next() throws(WorkerError) -> Data? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                lineNumber += 1
                defer { buffer = Data(buffer[buffer.index(after: end)...]) }
                return Data(buffer[..<end])
            }
            if isAtEnd {
                guard !buffer.isEmpty else { return nil }
                lineNumber += 1
                defer { buffer = Data() }
                return buffer
            }
            try fill()
        }
    }

    private mutating func fill() throws(WorkerError) {
        guard buffer.count <= Self.longestLineByteCount else {
            throw .file(path: path, line: lineNumber + 1, fault: "is longer than 4 MiB")
        }
        do {
            let more = try handle.read(upToCount: 64 << 10) ?? Data()
            isAtEnd = more.isEmpty
            buffer += more
        } catch {
            throw .file(path: path, line: nil, fault: "cannot be read: \(error.fileReason)")
        }
    }
}
