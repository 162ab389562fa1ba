import Foundation
import HoneDatasets

/// Writes `content` to a file of that name, reads it, and removes it.
func read(
    _ content: String, as name: String, format: DatasetFormat? = nil, split: String? = nil, heldOutPercent: Int = 0,
    variationCount: Int = 0, rewordingCount: Int = 0
) throws -> [Example] {
    try read(
        Data(content.utf8), as: name, format: format, split: split, heldOutPercent: heldOutPercent,
        variationCount: variationCount, rewordingCount: rewordingCount)
}

func read(
    _ content: Data, as name: String, format: DatasetFormat? = nil, split: String? = nil, heldOutPercent: Int = 0,
    variationCount: Int = 0, rewordingCount: Int = 0
) throws -> [Example] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hone-datasets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: name)
    try content.write(to: file)
    return try ExampleReader.all(
        of: file, format: format, split: split, heldOutPercent: heldOutPercent, variationCount: variationCount,
        rewordingCount: rewordingCount)
}
