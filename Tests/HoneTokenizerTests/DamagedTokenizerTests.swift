import FileDamage
import Foundation
import HoneTokenizer
import Testing

/// Tokenizers and chat templates as a failed download, a wrong script or a stranger leaves them: one clear error, or
/// something that works, never a crash.
@Suite struct DamagedTokenizerTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
    private static let texts = [
        "It's 1234 apples,\n\n  and  \u{1F3F3}\u{FE0F}\u{200D}\u{1F308} caf\u{65}\u{301}", "", "\0\u{FFFD}",
    ]

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hone-damage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let result = Result { try body(folder) }
        try FileManager.default.removeItem(at: folder)
        try result.get()
    }

    private func expectErrorOrTokenizer(_ folder: URL) {
        do throws(TokenizerError) {
            let tokenizer = try BytePairTokenizer(directory: folder.path())
            for text in Self.texts { _ = tokenizer.decode(tokenizer.encode(text, parsingSpecialTokens: true)) }
        } catch {
            #expect(error.description.contains(folder.path()), "\(error)")
        }
    }

    @Test(arguments: ImportedTokenizerTests.names) func `a damaged tokenizer.json never crashes`(name: String) throws {
        let intact = try Data(
            contentsOf: Self.fixtures.appending(path: "imported-tokenizers/\(name)/tokenizer.json"))
        var damage = FileDamage(seed: 21)
        try withFolder { folder in
            for number in 0..<120 {
                let damaged = try number % 4 == 0 ? damage.bytes(intact) : damage.json(intact)
                try damaged.write(to: folder.appending(path: "tokenizer.json"))
                expectErrorOrTokenizer(folder)
            }
        }
    }

    @Test func `damaged settings and chat templates never crash`() throws {
        let source = Self.fixtures.appending(path: "imported/instruct")
        var damage = FileDamage(seed: 22)
        try withFolder { folder in
            let names = ["tokenizer_config.json", "chat_template.jinja", "tokenizer.json"]
            for name in names {
                try FileManager.default.copyItem(at: source.appending(path: name), to: folder.appending(path: name))
            }
            for name in names.dropLast() {
                let path = folder.appending(path: name)
                let intact = try Data(contentsOf: path)
                for number in 0..<250 {
                    let isText = name.hasSuffix("json") && number % 2 == 0
                    try (isText ? damage.json(intact) : damage.bytes(intact)).write(to: path)
                    expectErrorOrTokenizer(folder)
                    expectErrorOrTemplate(folder)
                }
                try intact.write(to: path)
            }
        }
    }

    private func expectErrorOrTemplate(_ folder: URL) {
        do {
            let template = try ChatTemplate(directory: folder.path())
            _ = try template?.text(of: [ChatMessage(role: "user", content: "2+2"), ChatMessage(role: "", content: "")])
        } catch let error as TemplateError {
            #expect(error.line >= 1)
        } catch {
            #expect("\(error)".contains(folder.path()), "\(error)")
        }
    }
}
