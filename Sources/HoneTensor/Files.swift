#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file's bytes in memory, read as they are touched; what is written to them stays in this process.
@safe final class MappedFile {
    let count: Int
    private let start: UnsafeMutableRawPointer?

    init(_ path: String) throws(TensorError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .badFile(path: path, fault: lastSystemError()) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .badFile(path: path, fault: lastSystemError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .badFile(path: path, fault: "not a regular file") }
        count = Int(status.st_size)
        guard count > 0 else {
            unsafe start = nil
            return
        }
        let mapped = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw .badFile(path: path, fault: lastSystemError())
        }
        unsafe start = mapped
    }

    deinit {
        if let start = unsafe start { unsafe munmap(start, count) }
    }

    /// Bytes of the file; they live as long as this object.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.upperBound <= count, "bytes \(range) of a file of \(count)")
        return unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: start, count: count)[range])
    }
}

/// A file that appears whole or not at all.
struct AtomicFile {
    private let descriptor: Int32
    private let path: String

    /// Runs `body` on a new file beside `path`, flushes it to the disk and renames it to `path`.
    static func write(_ path: String, _ body: (AtomicFile) throws(TensorError) -> Void) throws(TensorError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).partial"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: lastSystemError()) }
        let file = AtomicFile(descriptor: descriptor, path: path)
        do throws(TensorError) {
            defer { close(descriptor) }
            try body(file)
            try file.check(fsync(descriptor))
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let reason = lastSystemError()
            unsafe unlink(temporary)
            throw .cannotWrite(path: path, reason: reason)
        }
        try file.flushDirectory()
    }

    func write(_ bytes: [UInt8]) throws(TensorError) {
        try unsafe bytes.withUnsafeBufferPointer { buffer throws(TensorError) in
            try unsafe write(UnsafeRawBufferPointer(buffer))
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(TensorError) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let written = unsafe systemWrite(descriptor, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            try check(written < 0 ? -1 : 0)
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// A rename is durable once the directory is.
    private func flushDirectory() throws(TensorError) {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check(descriptor)
        defer { close(descriptor) }
        try check(fsync(descriptor))
    }

    private func check(_ status: Int32) throws(TensorError) {
        if status < 0 { throw .cannotWrite(path: path, reason: lastSystemError()) }
    }
}

/// The system call, which the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, start, count)
}

/// What `errno` says, for the user.
private func lastSystemError() -> String {
    let code = errno
    return unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
