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

    /// What the loader would find for the worker: libtorch and all else that it links.
    static func worker() async -> Finding {
        let name = "worker and libtorch"
        let mend = "run ops/setup, then build again"
        do {
            let path = try HandOver.workerPath()
            let libraries = try await libraries(of: path)
            let missing = libraries.filter { $0.contains("not found") }.compactMap { $0.split(separator: " ").first }
            guard missing.isEmpty else {
                return .fail(name, "the loader does not find \(missing.joined(separator: ", "))", mend: mend)
            }
            guard let line = libraries.first(where: { $0.contains("libtorch_cpu.so") }),
                let library = line.split(separator: " ").first(where: { $0.hasPrefix("/") })
            else { return .fail(name, "\(path) is not linked to libtorch", mend: mend) }
            return judge(library: URL(filePath: String(library)), name: name)
        } catch {
            return .fail(name, "\(error)", mend: "'swift build -c release' builds all programs")
        }
    }

    /// What the worker speaks to servers of models with.
    static func http() async -> Finding {
        let (name, mend) = ("libcurl", "run ops/setup, then build again")
        do {
            let line = try await libraries(of: try HandOver.workerPath()).first { $0.contains("libcurl.so") }
            guard let path = line?.split(separator: " ").first(where: { $0.hasPrefix("/") }) else {
                return .fail(name, "the loader does not find it", mend: mend)
            }
            return .ok(name, String(path))
        } catch {
            return .fail(name, "\(error)", mend: "'swift build -c release' builds all programs")
        }
    }

    /// What the loader would load with a program, a line each.
    private static func libraries(of program: String) async throws -> [Substring] {
        let result = try await Subprocess.run(
            .name("ldd"), arguments: [program], output: .string(limit: 1 << 16), error: .string(limit: 4096))
        return result.standardOutput.split(separator: "\n")
    }

    private static func judge(library: URL, name: String) -> Finding {
        let root = library.deletingLastPathComponent().deletingLastPathComponent()
        guard let version = torchVersion(root) else {
            return .warn(name, "\(root.path) names no version", mend: "LIBTORCH=… ops/setup links another one")
        }
        let isOld = version.compare("2.11", options: .numeric) == .orderedAscending
        return isOld
            ? .fail(name, "libtorch \(version) in \(root.path) is too old", mend: "Hone needs 2.11: run ops/setup")
            : .ok(name, "libtorch \(version) in \(root.path)")
    }

    /// The version stands in one of two headers, depending on the release.
    private static func torchVersion(_ root: URL) -> String? {
        let headers = ["torch/headeronly/version.h", "torch/csrc/api/include/torch/version.h"]
        let texts = headers.compactMap {
            FileManager.default.contents(atPath: root.appending(path: "include/\($0)").path)
        }
        let lines = texts.flatMap { String(decoding: $0, as: UTF8.self).split(separator: "\n") }
        let parts = ["MAJOR", "MINOR", "PATCH"].compactMap { part in
            lines.first { $0.hasPrefix("#define TORCH_VERSION_\(part) ") }?.split(separator: " ").last
        }
        return parts.count == 3 ? parts.joined(separator: ".") : nil
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
