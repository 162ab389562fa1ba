/// Names and values below each other, for one thing shown in full; absent values are left out.
struct Details {
    let title: String
    private var lines: [(name: String, value: String)] = []

    init(_ title: String) {
        self.title = title
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, value)) }
    }

    var text: String {
        let width = (lines.map(\.name.count).max() ?? 0) + 2
        let indent = String(repeating: " ", count: width + 2)
        let body = lines.map { line in
            let value = line.value.split(separator: "\n", omittingEmptySubsequences: false)
                .joined(separator: "\n" + indent)
            return "  " + line.name + String(repeating: " ", count: width - line.name.count) + value
        }
        return ([title] + body).joined(separator: "\n")
    }
}
