import Foundation
import Testing

/// The house style as a test, after TigerBeetle's `tidy.zig`: each rule names the file, the line and the mend.
@Suite struct TidyTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func everyFileIsAtMost400Lines() throws {
        let offenders = try SourceFile.all(below: Self.root).filter { $0.lines.count > 400 }
        #expect(offenders.map { "\($0.path): \($0.lines.count) lines; which second idea does it hold?" } == [])
    }

    @Test func everyFunctionIsAtMost70Lines() throws {
        let offenders = try SourceFile.all(below: Self.root).flatMap { file in
            file.functions.filter { $0.lineCount > 70 }.map { "\(file.path):\($0.line): \($0.lineCount) lines" }
        }
        #expect(offenders == [])
    }

    @Test func noLineIsWiderThan120Columns() throws {
        let offenders = try SourceFile.all(below: Self.root).flatMap { file in
            file.lines.enumerated().filter { $0.element.count > 120 }.map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(offenders == [])
    }

    @Test(arguments: BannedPhrase.all) func sourcesAreFreeOf(_ banned: BannedPhrase) throws {
        let pattern = try banned.pattern
        let offenders = try SourceFile.all(below: Self.root)
            .filter { banned.applies(to: $0.path) }
            .flatMap { file in
                file.code.enumerated().filter { $0.element.contains(pattern) }
                    .map { "\(file.path):\($0.offset + 1): \(banned.mend)" }
            }
        #expect(offenders == [])
    }

    @Test func noFileIsNamedAfterNothing() throws {
        let empty = ["Utils", "Helpers", "Manager", "Common", "Misc"]
        let offenders = try SourceFile.all(below: Self.root).map(\.path).filter { path in
            empty.contains { path.hasSuffix($0 + ".swift") }
        }
        #expect(offenders == [])
    }

    @Test func everyModuleIsNamedInTheReadme() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let modules = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        #expect(modules.filter { !readme.contains($0) }.sorted() == [])
    }

    @Test func theTwoWingsDoNotImportEachOther() throws {
        let database: Set = [
            "HonePostgres", "HoneQueue", "HoneCatalog", "HoneFeedback", "HonePipeline", "HoneEmbedded",
        ]
        let numeric: Set = [
            "HoneTensor", "HoneModel", "HoneTokenizer", "HoneInference", "HoneTraining", "HoneEvaluation",
        ]
        let offenders = try SourceFile.all(below: Self.root).filter { file in
            let imports = Set(file.imports)
            if database.contains(file.module) { return !imports.isDisjoint(with: numeric) }
            if numeric.contains(file.module) { return !imports.isDisjoint(with: database) }
            return false
        }
        #expect(offenders.map(\.path) == [])
    }

    @Test func theCommandLineDoesNotLinkLibtorch() throws {
        let offenders = try SourceFile.all(below: Self.root).filter { file in
            file.module == "hone" && file.imports.contains { ["HoneTensor", "HoneWorker", "HoneModel"].contains($0) }
        }
        #expect(offenders.map(\.path) == [])
    }
}
