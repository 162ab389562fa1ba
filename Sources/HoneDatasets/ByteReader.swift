import Foundation

/// The bytes of a file one after another, a chunk in memory at a time, with the line they stand on.
struct ByteReader {
    /// The line of the next byte, from 1.
    private(set) var line = 1
    private let handle: FileHandle
    private var chunk: [UInt8] = []
    private var position = 0

    private static let chunkByteCount = 1 << 16
    /// No row of any format may be longer.
    static let rowByteLimit = 1 << 20

    init(_ handle: FileHandle) {
        self.handle = handle
    }

    /// The next byte, left in place; nil at the end.
    mutating func peek() throws(RowFault) -> UInt8? {
        if position == chunk.count { try refill() }
        return position < chunk.count ? chunk[position] : nil
    }

    mutating func next() throws(RowFault) -> UInt8? {
        guard let byte = try peek() else { return nil }
        position += 1
        if byte == UInt8(ascii: "\n") { line += 1 }
        return byte
    }

    /// Skips spaces, tabs and line ends, and a byte order mark at the file's start.
    mutating func skipWhitespace() throws(RowFault) {
        while let byte = try peek(), byte <= 0x20 || byte == 0xEF && line == 1 {
            if byte == 0xEF { try skipByteOrderMark() } else { _ = try next() }
        }
    }

    private mutating func skipByteOrderMark() throws(RowFault) {
        for expected: UInt8 in [0xEF, 0xBB, 0xBF] {
            guard try next() == expected else { throw RowFault("not UTF-8 text") }
        }
    }

    private mutating func refill() throws(RowFault) {
        do {
            chunk = Array(try handle.read(upToCount: Self.chunkByteCount) ?? Data())
            position = 0
        } catch {
            throw RowFault("cannot read on: \(error.fileReason)")
        }
    }
}

extension [UInt8] {
    /// Adds a byte of the row being read.
    mutating func extend(_ byte: UInt8) throws(RowFault) {
        guard count < ByteReader.rowByteLimit else {
            throw RowFault("the row is longer than \(ByteReader.rowByteLimit) bytes")
        }
        append(byte)
    }

    /// The bytes as text.
    func text() throws(RowFault) -> String {
        guard let text = String(validating: self, as: UTF8.self) else { throw RowFault("not UTF-8 text") }
        return text
    }
}
