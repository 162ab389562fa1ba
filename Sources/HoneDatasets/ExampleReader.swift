public import Foundation
internal import HoneProblems

/// Reads the examples of a file one by one; memory does not grow with the file.
public struct ExampleReader {
    public static let heldOutSplit = "heldout"
    public let format: DatasetFormat
    private let fileName: String
    private let split: String?
    private let heldOutPercent: Int
    private let variationCount: Int
    private let rewordingCount: Int
    /// Variations of the example read last, the next one last.
    private var variations: [Example] = []
    /// The last examples that were not held out, for rewordings.
    private var neighbours: [Example] = []
    private static let neighbourCount = 100
    private let defaultSplit: String
    private var source: any ExampleSource
    private var isEmpty = true

    /// Opens a file.
    /// - Parameters:
    ///   - file: a local file.
    ///   - format: told by the file's beginning if nil.
    ///   - split: overrides what the rows and the file's name say.
    ///   - heldOutPercent: so many of a hundred questions go to the split ``heldOutSplit`` instead; which ones is
    ///     decided by their text alone, so a question is never on both sides, whatever file it comes from.
    ///   - variationCount: so many variations with other numbers follow each example that is not held out and has
    ///     them; see ``NumberVariations``.
    ///   - rewordingCount: up to so many rewordings follow each example that is not held out; see ``Rewordings``.
    /// - Throws: `DatasetError` if the file cannot be read or its format is unknown.
    public init(
        file: URL, format: DatasetFormat? = nil, split: String? = nil, heldOutPercent: Int = 0,
        variationCount: Int = 0, rewordingCount: Int = 0
    ) throws(DatasetError) {
        fileName = file.lastPathComponent
        self.split = split
        self.heldOutPercent = heldOutPercent
        self.variationCount = variationCount
        self.rewordingCount = rewordingCount
        do {
            let handle = try FileHandle(forReadingFrom: file)
            let beginning = try handle.read(upToCount: 4096) ?? Data()
            try handle.seek(toOffset: 0)
            guard let format = format ?? .sniff(beginning) else {
                throw beginning.isEmpty ? DatasetError.empty(file: fileName) : .unknownFormat(file: fileName)
            }
            self.format = format
            defaultSplit = Self.split(in: file) ?? format.defaultSplit
            source = format.source(ByteReader(handle))
        } catch let error as DatasetError {
            throw error
        } catch {
            throw .unreadable(file: file.path, reason: error.fileReason)
        }
    }

    /// The next example; nil at the end.
    /// - Throws: `DatasetError.badRow` with the line of the first row that is wrong.
    public mutating func next() throws(DatasetError) -> Example? {
        if let variation = variations.popLast() { return variation }
        do throws(RowFault) {
            guard var example = try source.next() else {
                guard !isEmpty else { throw RowFault("the file holds no examples") }
                return nil
            }
            isEmpty = false
            try example.checkContent()
            if stableHash(of: example.prompt) % 100 < UInt64(heldOutPercent) {
                example.split = Self.heldOutSplit
                return example
            }
            example.split = split ?? (example.split.isEmpty ? defaultSplit : example.split)
            if rewordingCount > 0 {
                let source = Rewordings(of: example, beside: neighbours)
                variations = (0..<rewordingCount).reversed().compactMap(source.rewording)
                neighbours = neighbours.suffix(Self.neighbourCount - 1) + [example]
            }
            if variationCount > 0, let source = NumberVariations(of: example) {
                variations += (0..<variationCount).reversed().compactMap(source.variation)
            }
            return example
        } catch {
            throw .badRow(file: fileName, line: error.line ?? source.rowLine, reason: error.reason)
        }
    }

    /// All examples of the file at once.
    public static func all(
        of file: URL, format: DatasetFormat? = nil, split: String? = nil, heldOutPercent: Int = 0,
        variationCount: Int = 0, rewordingCount: Int = 0
    ) throws(DatasetError) -> [Example] {
        var reader = try ExampleReader(
            file: file, format: format, split: split, heldOutPercent: heldOutPercent, variationCount: variationCount,
            rewordingCount: rewordingCount)
        var examples: [Example] = []
        while let example = try reader.next() { examples.append(example) }
        return examples
    }

    /// `gsm8k/test.jsonl` and `svamp_train.csv` say in their names what they are.
    private static func split(in file: URL) -> String? {
        let words = file.deletingPathExtension().lastPathComponent.lowercased().split { !$0.isLetter }
        return words.lazy.compactMap { splitNames[$0] }.first
    }

    private static let splitNames: [Substring: String] = [
        "train": "train", "test": "test", "dev": "validation", "valid": "validation", "validation": "validation",
    ]
}

extension Example {
    /// What no dataset takes, whatever the format; said here, where the line is known.
    fileprivate func checkContent() throws(RowFault) {
        guard !prompt.isEmpty else { throw RowFault("the question is empty") }
        guard !answer.isEmpty else { throw RowFault("the answer is empty") }
        guard (-9999...9999).contains(level ?? 0) else {
            throw RowFault("the level \(level ?? 0) has over four digits")
        }
        let texts = [prompt, answer, split, source ?? ""] + steps
        guard !texts.contains(where: \.hasZero), !JSONValue.object(metadata).hasZero else {
            throw RowFault("a text holds U+0000, which PostgreSQL cannot keep; take it out")
        }
    }
}

extension JSONValue {
    fileprivate var hasZero: Bool {
        switch self {
        case .null, .bool, .integer, .number: false
        case .string(let text): text.hasZero
        case .array(let elements): elements.contains(where: \.hasZero)
        case .object(let members): members.contains { $0.key.hasZero || $0.value.hasZero }
        }
    }
}

extension String {
    fileprivate var hasZero: Bool { utf8.contains(0) }
}
