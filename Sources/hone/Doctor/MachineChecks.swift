import Foundation
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// What this machine must have, whatever the database.
enum MachineChecks {
    static func toolchain() async -> Finding {
        let name = "Swift toolchain"
        let mend = "needed only to build: install Swift 6.2 or newer as swift.org/install/linux says"
        do {
            let result = try await Subprocess.run(
                .name("swift"), arguments: ["--version"], output: .string(limit: 4096), error: .discarded)
            let words = result.standardOutput.split(whereSeparator: \.isWhitespace)
            guard let version = words.firstIndex(of: "version").map({ words[$0 + 1] }) else {
                return .warn(name, "'swift --version' names no version", mend: mend)
            }
            let isOld = String(version).compare("6.2", options: .numeric) == .orderedAscending
            return isOld ? .warn(name, "\(version) is too old", mend: mend) : .ok(name, String(version))
        } catch {
            return .warn(name, "not found on PATH", mend: mend)
        }
    }

    /// Starting the worker proves that the loader finds libtorch and everything else it links.
    static func worker() async -> Finding {
        let name = "worker and libtorch"
        do {
            let path = try HandOver.workerPath()
            let result = try await Subprocess.run(
                .path(FilePath(path)), arguments: ["--version"], output: .string(limit: 4096),
                error: .string(limit: 4096))
            guard result.terminationStatus.isSuccess else {
                let reason = result.standardError.split(separator: "\n").first.map(String.init) ?? "no reason given"
                return .fail(name, "hone-worker does not start: \(reason)", mend: "run ops/setup, then build again")
            }
            let version = result.standardOutput.split(separator: "\n").joined(separator: ", ")
            return .ok(name, version)
        } catch {
            return .fail(name, "\(error)", mend: "'swift build -c release' builds all programs")
        }
    }

    static func cores() -> Finding {
        let name = "cores and threads"
        let coreCount = ProcessInfo.processInfo.activeProcessorCount
        let environment = ProcessInfo.processInfo.environment
        guard let setting = environment["OMP_NUM_THREADS"] else {
            return .ok(name, "\(coreCount) cores; the worker sets its own thread count")
        }
        guard let threadCount = Int(setting), 1...coreCount ~= threadCount else {
            return .warn(
                name, "OMP_NUM_THREADS=\(setting) on \(coreCount) cores",
                mend:
                    "set it to 1...\(coreCount), or unset it: threads that spin for a core are slower than none"
            )
        }
        return .ok(name, "\(coreCount) cores, OMP_NUM_THREADS=\(threadCount)")
    }

    /// Room where `directory` lies (or will lie).
    static func space(_ directory: String) -> Finding {
        let name = "disk space"
        var place = URL(filePath: directory).standardizedFileURL
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        do {
            let attributes = try FileManager.default.attributesOfFileSystem(forPath: place.path)
            let freeByteCount = (attributes[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
            let detail = "\(freeByteCount / 1_000_000) MB free at \(place.path)"
            let mend = "free some space, or move HONE_HOME to a roomier disk"
            if freeByteCount < 500_000_000 { return .fail(name, detail, mend: mend) }
            return freeByteCount < 5_000_000_000 ? .warn(name, detail, mend: mend) : .ok(name, detail)
        } catch {
            return .warn(name, CommandError.reason(of: error), mend: "look at 'df -h \(place.path)'")
        }
    }
}
