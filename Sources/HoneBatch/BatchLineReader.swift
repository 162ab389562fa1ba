import Foundation
import HoneDatasets

/// Reads a file line by line, from any place in it; memory grows neither with the file nor with a line.
struct BatchLineReader {
    struct Line {
        /// From 1.
        let number: Int
        /// Where in the file the next line begins.
        let end: Int64
        /// Nil for a line that is longer than any request may be.
        let text: Data?
    }

    private let path: String
    private let handle: FileHandle
    private var buffer = Data()
    private var number: Int
    private var offset: Int64

    private static let chunkByteCount = 256 << 10

    /// - Parameters:
    ///   - path: the file
    ///   - after: the number and the end of the last line that is known already
    /// - Throws: `BatchError.unreadable`.
    init(path: String, after: (line: Int, end: Int64) = (0, 0)) throws(BatchError) {
        self.path = path
        (number, offset) = after
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: path))
            try handle.seek(toOffset: UInt64(after.end))
        } catch {
            throw .unreadable(path: path, reason: error.fileReason)
        }
    }

    /// The next line that is not blank; nil at the end of the file.
    mutating func next() throws(BatchError) -> Line? {
        while let line = try nextLine() {
            if let text = line.text, text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            return line
        }
        return nil
    }

    private mutating func nextLine() throws(BatchError) -> Line? {
        var isTooLong = false
        // Where the search goes on, so that a long line is not searched anew with each chunk.
        var searched = buffer.startIndex
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let text = buffer[..<end]
                buffer = buffer[(end + 1)...]
                return line(text, byteCount: text.count + 1, isTooLong)
            }
            searched = buffer.endIndex
            if buffer.count > BatchRequest.byteLimit {
                offset += Int64(buffer.count)
                buffer = Data()
                searched = 0
                isTooLong = true
            }
            let more = try read()
            if more.isEmpty {
                if buffer.isEmpty, !isTooLong { return nil }
                defer { buffer = Data() }
                return line(buffer, byteCount: buffer.count, isTooLong)
            }
            searched -= buffer.startIndex
            buffer = Data(buffer) + more
        }
    }

    private mutating func line(_ text: Data, byteCount: Int, _ isTooLong: Bool) -> Line {
        number += 1
        offset += Int64(byteCount)
        let isWhole = !isTooLong && text.count <= BatchRequest.byteLimit
        return Line(number: number, end: offset, text: isWhole ? Data(text) : nil)
    }

    private func read() throws(BatchError) -> Data {
        do {
            return try handle.read(upToCount: Self.chunkByteCount) ?? Data()
        } catch {
            throw .unreadable(path: path, reason: error.fileReason)
        }
    }
}
