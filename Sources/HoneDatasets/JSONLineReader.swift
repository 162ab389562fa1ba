public import Foundation

/// Reads the JSON objects of a file one by one, each on a line of its own; memory does not grow with the file.
public struct JSONLineReader<Row: Decodable> {
    /// The line on which the row read last began, from 1.
    public private(set) var line = 1
    private let fileName: String
    private var bytes: ByteReader

    /// - Throws: `DatasetError` if the file cannot be opened, is compressed or is empty.
    public init(file: URL) throws(DatasetError) {
        fileName = file.lastPathComponent
        do {
            bytes = ByteReader(try FileHandle(forReadingFrom: file))
        } catch {
            throw .unreadable(file: file.path, reason: error.fileReason)
        }
        do throws(RowFault) {
            if try bytes.peek() == Self.gzipMark {
                throw RowFault("the file is compressed with gzip; unpack it first: 'gunzip -k \(fileName)'")
            }
            try bytes.skipWhitespace()
            if try bytes.peek() == nil { throw RowFault("the file holds no rows") }
        } catch {
            throw fault(error)
        }
    }

    private static var gzipMark: UInt8 { 0x1F }

    /// The next row; nil at the end.
    /// - Throws: `DatasetError.badRow` with the row's line.
    public mutating func next() throws(DatasetError) -> Row? {
        do throws(RowFault) {
            try bytes.skipWhitespace()
            line = bytes.line
            var row: [UInt8] = []
            while let byte = try bytes.next(), byte != UInt8(ascii: "\n") { try row.extend(byte) }
            return row.isEmpty ? nil : try decodeRow(Row.self, row)
        } catch {
            throw fault(error)
        }
    }

    /// What is wrong with the row read last, as an error that names its file and line.
    public func fault(_ reason: String) -> DatasetError {
        .badRow(file: fileName, line: line, reason: reason)
    }

    private func fault(_ fault: RowFault) -> DatasetError {
        .badRow(file: fileName, line: fault.line ?? line, reason: fault.reason)
    }
}
