import Foundation

/// A file that is written under another name and gets its own when it is whole: what was there before stays until then.
///
/// Standard output (`-`), devices and pipes are written as they are.
public struct AsideFile {
    /// Why it could not be written.
    public struct Unwritable: Error, Equatable, CustomStringConvertible {
        public let path: String
        public let reason: String

        public var description: String { "\(path) cannot be written: \(reason)" }
    }

    private let path: String
    /// The other name; nil where there is none.
    private let aside: String?
    private let handle: FileHandle
    private var buffer = Data()

    private static let bufferByteCount = 256 << 10

    /// - Throws: ``Unwritable`` if it cannot be written.
    public init(_ path: String) throws(Unwritable) {
        self.path = path
        guard path != "-" else {
            (aside, handle) = (nil, .standardOutput)
            return
        }
        var place = stat()
        let exists = stat(path, &place) == 0
        let kind = place.st_mode & S_IFMT
        guard !exists || kind != S_IFDIR else { throw Unwritable(path: path, reason: "is a directory; name a file") }
        aside = exists && kind != S_IFREG ? nil : path + ".partial"
        do {
            let target = URL(filePath: aside ?? path)
            if aside != nil { try Data().write(to: target) }
            handle = try FileHandle(forWritingTo: target)
        } catch {
            throw Unwritable(path: path, reason: error.fileReason)
        }
    }

    /// Adds a line, or several with their ends between them.
    public mutating func write(_ line: some Sequence<UInt8>) throws(Unwritable) {
        buffer.append(contentsOf: line)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    public mutating func flush() throws(Unwritable) {
        do {
            try handle.write(contentsOf: buffer)
            buffer.removeAll(keepingCapacity: true)
        } catch {
            throw Unwritable(path: path, reason: error.fileReason)
        }
    }

    /// Everything is written.
    public mutating func finish() throws(Unwritable) {
        try flush()
        guard let aside else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw Unwritable(path: path, reason: error.fileReason)
        }
        guard rename(aside, path) == 0 else {
            throw Unwritable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Something went wrong: what was written stays under the other name, and nothing stays if that was nothing.
    public mutating func setDown() throws(Unwritable) {
        try flush()
        var place = stat()
        if let aside, stat(aside, &place) == 0, place.st_size == 0 { unlink(aside) }
    }

    /// Whether two names are of one file whose content is kept.
    public static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard stat(one, &first) == 0, stat(other, &second) == 0, first.st_mode & S_IFMT == S_IFREG else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
