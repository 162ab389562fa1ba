import Testing

/// A construct that the house does without, and what to write in its place.
struct BannedPhrase: Sendable, CustomTestStringConvertible {
    let name: String
    let mend: String
    /// Folders or files in which the construct is at home.
    let home: [String]
    private let source: String

    var testDescription: String { name }

    var pattern: Regex<AnyRegexOutput> {
        get throws { try Regex(source) }
    }

    init(_ name: String, _ source: String, mend: String, home: [String] = []) {
        self.name = name
        self.source = source
        self.mend = mend
        self.home = home
    }

    func applies(to path: String) -> Bool {
        !home.contains { path.hasPrefix($0) }
    }

    static let all = [
        BannedPhrase("try!", #"\btry!"#, mend: "throw a typed error"),
        BannedPhrase("try?", #"\btry\?"#, mend: "handle the error or say why it may be dropped", home: ["Tests/"]),
        BannedPhrase("as!", #"\bas!"#, mend: "cast with as? and throw"),
        BannedPhrase(
            "fatalError", #"\bfatalError\("#, mend: "precondition with both values, or throw",
            home: ["Sources/HoneTensor/Stop.swift"]),
        BannedPhrase("empty catch", #"catch\s*\{\s*\}"#, mend: "name the error and say why going on is right"),
        BannedPhrase("leftovers", #"\b(TODO|FIXME|XXX)\b"#, mend: "do it or open an issue"),
        BannedPhrase(
            "print", #"(^|[^.\w])print\("#, mend: "log, or return the text to the program",
            home: ["Sources/hone/", "Sources/hone-worker/", "Sources/hone-bench/", "Tests/"]),
        BannedPhrase(
            "blocking sleep", #"\b(usleep|Thread\.sleep|sleep)\("#, mend: "await a signal with a deadline",
            home: ["Sources/HoneConcurrency/Deadline.swift"]),
        BannedPhrase("XCTest", #"import XCTest"#, mend: "Swift Testing"),
        BannedPhrase(
            "libpq outside its room", #"\bPQ[a-z]\w+\("#, mend: "only HonePostgres talks to libpq",
            home: ["Sources/HonePostgres/", "Tests/HonePostgresTests/"]),
        BannedPhrase(
            "libcurl outside its room", #"\bcurl_[a-z]\w+\("#, mend: "only one file of HoneHTTP talks to libcurl",
            home: ["Sources/HoneHTTP/LibCurl.swift"]),
    ]
}
