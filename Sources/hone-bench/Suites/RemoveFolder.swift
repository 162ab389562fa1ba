import Foundation

/// Removes what a suite left on the disk, and says so where it cannot.
func removeFolder(_ folder: String) {
    do {
        try FileManager.default.removeItem(atPath: folder)
    } catch {
        FileHandle.standardError.write(Data("left \(folder) behind: \(error)\n".utf8))
    }
}
