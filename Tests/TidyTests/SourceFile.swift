import Foundation

/// One Swift file of the repository, cut into lines.
struct SourceFile {
    /// Path below the repository's root.
    let path: String
    let lines: [String]
    /// The lines with comments and string contents blanked, so that a rule speaks of code alone.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = Self.codeOnly(lines)
    }

    static func all(below root: URL) throws -> [SourceFile] {
        try ["Sources", "Tests", "Migrations"].flatMap { folder -> [SourceFile] in
            let base = root.appending(path: folder)
            guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [] }
            return try paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted().map { path in
                let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
                return SourceFile(path: "\(folder)/\(path)", text: text)
            }
        }
    }

    /// The target a file belongs to: the folder below `Sources` or `Tests`.
    var module: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    var imports: [String] {
        code.compactMap { line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.endIndex, keyword < 3 else {
                return nil
            }
            return String(words[keyword + 1])
        }
    }

    /// Functions and initializers by the indentation of their closing brace, which `swift format` guarantees.
    var functions: [(line: Int, lineCount: Int)] {
        code.indices.compactMap { start in
            let line = code[start]
            let trimmed = line.drop { $0 == " " }
            guard trimmed.contains("func ") || trimmed.hasPrefix("init(") || trimmed.contains(" init("),
                trimmed.hasSuffix("{") || trimmed.hasSuffix("(")
            else { return nil }
            let indentation = String(repeating: " ", count: line.count - trimmed.count)
            guard let end = code[start...].dropFirst().firstIndex(where: { $0 == indentation + "}" }) else {
                return nil
            }
            return (start + 1, end - start + 1)
        }
    }

    private static func codeOnly(_ lines: [String]) -> [String] {
        var isInText = false
        return lines.map { line in
            if line.contains("\"\"\"") {
                isInText.toggle()
                return ""
            }
            if isInText || line.drop(while: { $0 == " " }).hasPrefix("//") { return "" }
            return line.replacing(#/"(?:[^"\\]|\\.)*"/#, with: "\"\"")
        }
    }
}
