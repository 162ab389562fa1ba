import Foundation

/// Which code the running program is, as it is written beside what the program brings about.
public enum CodeVersion {
    /// The version that packaging sets in `HONE_CODE_VERSION`, else the program's build time.
    public static func current(environment: [String: String]) -> String {
        if let given = environment["HONE_CODE_VERSION"], !given.isEmpty { return given }
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        do {
            let built = try program.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
            return "built \(built?.ISO8601Format() ?? "at an unknown time")"
        } catch {
            return "unknown"
        }
    }
}
