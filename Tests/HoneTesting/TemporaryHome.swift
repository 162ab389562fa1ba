import Foundation
public import HoneEmbedded

extension EmbeddedHome {
    /// A new home for a server of the test's own. Whatever runs in it when this process ends is stopped, and the
    /// directory is removed.
    public static func temporary(suffix: String = "") throws -> EmbeddedHome {
        let home = EmbeddedHome(path: "/tmp/hone-test-\(getpid())-\(UInt32.random(in: .min ... .max))\(suffix)")
        try Watchdog.start(removing: home)
        return home
    }
}
