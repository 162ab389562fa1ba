#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file descriptor, closed when it goes out of scope; every system call of the store is made here.
struct File: ~Copyable {
    let path: String
    private let descriptor: CInt

    private init(path: String, flags: CInt, mode: mode_t = 0) throws(ArtifactError) {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
    }

    deinit { close(descriptor) }

    static func reading(_ path: String) throws(ArtifactError) -> File {
        try File(path: path, flags: O_RDONLY)
    }

    /// Makes a file that did not exist.
    static func creating(_ path: String) throws(ArtifactError) -> File {
        try File(path: path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
    }

    /// Fills the buffer as far as the file goes; 0 at its end.
    func read(into buffer: inout [UInt8]) throws(ArtifactError) -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { Self.systemRead(descriptor, $0) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw Self.failure("read", path) }
        }
    }

    func write(_ bytes: ArraySlice<UInt8>) throws(ArtifactError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Self.systemWrite(descriptor, $0) }
            if count < 0 {
                guard errno == EINTR else { throw Self.failure("write", path) }
            } else {
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Takes the write permission away, then waits until the disk has the bytes.
    func seal() throws(ArtifactError) {
        guard fchmod(descriptor, 0o444) == 0 else { throw Self.failure("protect", path) }
        try synchronize()
    }

    func synchronize() throws(ArtifactError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("flush", path) }
    }

    // MARK: Names

    static func synchronizeDirectory(_ path: String) throws(ArtifactError) {
        try File(path: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    static func move(_ from: String, to: String) throws(ArtifactError) {
        guard rename(from, to) == 0 else { throw failure("rename to \(to) from", from) }
    }

    static func remove(_ path: String) throws(ArtifactError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Makes a second name of a file; false where the file system cannot (another device, no links).
    static func hardLink(_ from: String, to: String) throws(ArtifactError) -> Bool {
        if link(from, to) == 0 { return true }
        guard [EXDEV, EPERM, EMLINK, ENOTSUP].contains(errno) else { throw failure("link \(from) as", to) }
        return false
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes a directory; false if it is there already.
    static func makeDirectory(_ path: String) throws(ArtifactError) -> Bool {
        if mkdir(path, 0o755) == 0 { return true }
        guard errno == EEXIST else { throw failure("make the directory", path) }
        return false
    }

    private static func failure(_ operation: String, _ path: String) -> ArtifactError {
        let code = errno
        let reason = String(cString: strerror(code))
        let mend = code == ENOSPC || code == EDQUOT ? "; free some space and try again" : ""
        return .system(operation: operation, path: path, reason: reason + mend)
    }

    #if canImport(Glibc)
        private static func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        private static func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
    #elseif canImport(Darwin)
        private static func systemRead(_ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        }
        private static func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
            Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        }
    #endif
}
