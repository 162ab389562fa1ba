internal import Foundation

/// Memory that this process may still take: what the machine has left, and what its control groups leave of that.
struct AvailableMemory {
    let byteCount: Int
    /// What sets it: the machine, or the control group by its path.
    let bound: String

    /// Reads Linux's files below `root`; nil where there are none.
    static func read(root: String = "") -> AvailableMemory? {
        let bounds = machine(root) + groups(root).flatMap { leftOver(in: $0, root) }
        return bounds.min { $0.byteCount < $1.byteCount }
    }

    private static func machine(_ root: String) -> [AvailableMemory] {
        guard let kibibytes = number("MemAvailable:", in: text(root + "/proc/meminfo")) else { return [] }
        return [AvailableMemory(byteCount: kibibytes * 1024, bound: "the machine has left")]
    }

    /// The process's control groups for memory and all that they lie in: version 2, then version 1.
    private static func groups(_ root: String) -> [String] {
        let lines = text(root + "/proc/self/cgroup").split(separator: "\n")
        return lines.flatMap { line -> [String] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            switch (fields[0], fields[1].split(separator: ",").contains("memory")) {
            case ("0", _): return lineage("/sys/fs/cgroup", String(fields[2]))
            case (_, true): return lineage("/sys/fs/cgroup/memory", String(fields[2]))
            default: return []
            }
        }
    }

    /// A container sees its own group as the mount's root, and its path from outside leads nowhere: so all are tried.
    private static func lineage(_ mount: String, _ path: String) -> [String] {
        var folders = [mount]
        for name in path.split(separator: "/") { folders.append(folders[folders.count - 1] + "/" + name) }
        return folders
    }

    private static func leftOver(in group: String, _ root: String) -> [AvailableMemory] {
        [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")].compactMap {
            func value(_ file: String) -> Int? {
                Int(text("\(root)\(group)/\(file)").trimmingCharacters(in: .whitespacesAndNewlines))
            }
            guard let limit = value($0), let used = value($1) else { return nil }
            // Cached files that nobody has touched lately make room by themselves.
            let cache = number("inactive_file", in: text("\(root)\(group)/memory.stat")) ?? 0
            return AvailableMemory(
                byteCount: max(0, limit - used + min(cache, used)), bound: "the control group \(group) leaves")
        }
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The first number behind a word that begins a line.
    private static func number(_ word: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count > 1, words[0] == word { return Int(words[1]) }
        }
        return nil
    }
}
