import Foundation
import Testing

/// How much memory this process has now, in bytes.
func residentByteCount() throws -> Int {
    let statistics = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(statistics[1])) * Int(getpagesize())
}
