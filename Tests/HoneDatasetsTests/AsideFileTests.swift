import Foundation
import HoneDatasets
import Testing

@Suite struct AsideFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-aside-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body(folder.path)
    }

    @Test func `what was there stays until the new file is whole`() throws {
        try withFolder { folder in
            let path = folder + "/a"
            try "old".write(toFile: path, atomically: false, encoding: .utf8)
            var file = try AsideFile(path)
            try file.write("new".utf8)
            try file.flush()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            try file.finish()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
        }
    }

    @Test func `what was written before a failure stays aside, and of nothing nothing stays`() throws {
        try withFolder { folder in
            var empty = try AsideFile(folder + "/a")
            try empty.setDown()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            var begun = try AsideFile(folder + "/a")
            try begun.write("1".utf8)
            try begun.setDown()
            #expect(try String(contentsOfFile: folder + "/a.partial", encoding: .utf8) == "1\n")
        }
    }

    @Test func `a device stays what it is, and a directory is refused by name`() throws {
        var null = try AsideFile("/dev/null")
        try null.write("1".utf8)
        try null.finish()
        try withFolder { folder in
            let error = #expect(throws: AsideFile.Unwritable.self) { _ = try AsideFile(folder) }
            #expect(error?.reason == "is a directory; name a file")
        }
        let error = #expect(throws: AsideFile.Unwritable.self) { _ = try AsideFile("/dev/null/x") }
        #expect(error?.description == "/dev/null/x cannot be written: Not a directory")
    }

    @Test func `only names of one kept file are the same`() throws {
        try withFolder { folder in
            try "1".write(toFile: folder + "/a", atomically: false, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: folder + "/b", withDestinationPath: folder + "/a")
            #expect(AsideFile.isSame(folder + "/a", folder + "/b"))
            #expect(!AsideFile.isSame(folder + "/a", folder + "/c"))
            #expect(!AsideFile.isSame("/dev/null", "/dev/null"))
        }
    }
}
