internal import Crypto
internal import HoneTokenizer

/// One example as text; the model learns to write `completion` after `prompt`.
public struct TrainingExample: Sendable, Equatable {
    /// What the model is given, with the line break that ends it.
    public var prompt: String
    /// What it should write, without the end token.
    public var completion: String
    public var level: Int?
    /// Of the solution, for a run that draws rare ones more often.
    public var shape: String?

    public init(prompt: String, completion: String, level: Int? = nil, shape: String? = nil) {
        self.prompt = prompt
        self.completion = completion
        self.level = level
        self.shape = shape
    }
}

/// Tokenized examples, end to end in one array: 4 bytes a token and 24 an example, however many there are.
struct TrainingSet: Sendable {
    struct Entry: Sendable {
        let start: Int
        /// Tokens of the prompt, which carry no loss.
        let promptCount: Int32
        /// Tokens of prompt, completion and end token.
        let count: Int32
        let level: Int32
        /// One number a shape, in the order in which they come.
        let shape: Int32
    }

    private(set) var entries: [Entry] = []
    private(set) var tokens: [Int32] = []
    /// SHA-256 over all tokens, lengths, levels and shapes in order: two sets that train alike have the same.
    let hash: String

    /// Level of an example that names none.
    static let noLevel: Int32 = -1
    /// Shape of an example that names none.
    static let noShape: Int32 = -1

    init(_ examples: some Sequence<TrainingExample>, tokenizer: any Tokenizer, maximumLength: Int) throws {
        var hasher = SHA256()
        var shapes: [String: Int32] = [:]
        for (position, example) in examples.enumerated() {
            let prompt = tokenizer.encode(example.prompt)
            let completion = tokenizer.encode(example.completion)
            let count = prompt.count + completion.count + 1
            guard count <= maximumLength else {
                throw TrainingError.example(
                    position: position,
                    reason: "has \(count) tokens and the model's context is \(maximumLength); drop or shorten it")
            }
            guard count > 1 else {
                throw TrainingError.example(position: position, reason: "is empty; leave it out")
            }
            let entry = Entry(
                start: tokens.count, promptCount: Int32(prompt.count), count: Int32(count),
                level: example.level.map(Int32.init) ?? Self.noLevel,
                shape: example.shape.map { name in
                    let next = Int32(shapes.count)
                    return shapes[name, default: next]
                } ?? Self.noShape)
            if let name = example.shape { shapes[name] = entry.shape }
            entries.append(entry)
            tokens += prompt
            tokens += completion
            tokens.append(tokenizer.endOfTextID)
            hasher.update(entry, tokens[entry.start...])
        }
        hash = hasher.finalize().hexadecimal
    }

    /// Prompts with completions that are tokens already, each with its end token where it has one.
    init(prompts: [[Int32]], completions: [[Int32]]) {
        var hasher = SHA256()
        for (prompt, completion) in zip(prompts, completions) {
            let entry = Entry(
                start: tokens.count, promptCount: Int32(prompt.count), count: Int32(prompt.count + completion.count),
                level: Self.noLevel, shape: Self.noShape)
            entries.append(entry)
            tokens += prompt
            tokens += completion
            hasher.update(entry, tokens[entry.start...])
        }
        hash = hasher.finalize().hexadecimal
    }

    /// The tokens of an example, prompt and completion and end token.
    func tokens(of index: Int) -> ArraySlice<Int32> {
        let entry = entries[index]
        return tokens[entry.start..<entry.start + Int(entry.count)]
    }
}

extension SHA256 {
    /// Takes in one example: its level, lengths and tokens, little-endian.
    fileprivate mutating func update(_ entry: TrainingSet.Entry, _ tokens: ArraySlice<Int32>) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * (tokens.count + 3))
        func append(_ word: Int32) {
            for shift: Int32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        for word in [entry.level, entry.promptCount, entry.count] { append(word) }
        if entry.shape != TrainingSet.noShape { append(entry.shape) }
        for token in tokens { append(token) }
        update(data: bytes)
    }
}
