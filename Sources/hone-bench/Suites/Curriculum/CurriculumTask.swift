import HoneProblems
import HoneTraining

/// Problems in three levels of which the last is the hard one that an arm of `curriculum` is measured on.
enum CurriculumTask: String, CaseIterable, Sendable {
    /// `(a+b)*c+d` of one-digit numbers, one line an operation; its parts; its operations alone.
    case chain
    /// The same, the answer alone.
    case chainAnswer = "chain-answer"
    /// The value of a variable that takes three assignments in any order, among others, one line each; one; none.
    case assignments
    /// `(b+d)*a+c` with the letters' digits given before, modulo ten, one line an operation; one operation on two
    /// letters; one letter, or one operation on digits.
    case letters
    /// The generator's stories; its calculations of several steps and equations; its single operations.
    case stories

    static let levels = [1, 2, 3]
    static let hardLevel = 3

    var text: String {
        switch self {
        case .chain: "(a+b)*c+d, with its steps"
        case .chainAnswer: "(a+b)*c+d, the answer alone"
        case .assignments: "a value behind three assignments, with its steps"
        case .letters: "(b+d)*a+c on given digits modulo ten, with its steps"
        case .stories: "the generator's stories, with their steps"
        }
    }

    /// Different questions of one level; those of the two splits share none.
    func examples(level: Int, count: Int, split: ProblemSplit, seed: UInt64) throws -> [TrainingExample] {
        if self == .stories {
            guard let kind = ProblemLevel(rawValue: level) else { preconditionFailure("level \(level)") }
            let generator = ProblemGenerator(seed: seed, level: kind)
            return (0..<UInt64(count)).map { index in
                let problem = generator.problem(at: index, split: split)
                return TrainingExample(prompt: problem.prompt + "\n", completion: problem.completion, level: level)
            }
        }
        var random = RandomSource(words: seed, UInt64(level), split == .train ? 0 : 1)
        var examples: [TrainingExample] = []
        while examples.count < count {
            let draft = draft(level: level, &random)
            let isHeldOut = stableHash(of: draft.prompt) % 5 == 0
            guard level < Self.hardLevel || isHeldOut == (split != .train) else { continue }
            examples.append(
                TrainingExample(prompt: draft.prompt + "\n", completion: draft.completion, level: level))
        }
        return examples
    }

    private func draft(level: Int, _ random: inout RandomSource) -> (prompt: String, completion: String) {
        switch self {
        case .chain: Self.chain(level: level, &random)
        case .chainAnswer:
            {
                let draft = Self.chain(level: level, &random)
                return (draft.prompt, draft.completion.split(separator: " ").last.map(String.init) ?? "")
            }()
        case .assignments: Self.assignments(hops: X.hops[level - 1], &random)
        case .letters: Self.letters(level: level, &random)
        case .stories: preconditionFailure("stories come from the generator")
        }
    }

    private static func chain(level: Int, _ random: inout RandomSource) -> (prompt: String, completion: String) {
        let (a, b, c, d) = (
            random.integer(1...9), random.integer(1...9), random.integer(2...9), random.integer(1...9)
        )
        let (sum, product) = (a + b, (a + b) * c)
        let lines = ["\(a)+\(b)=\(sum)", "\(sum)*\(c)=\(product)", "\(product)+\(d)=\(product + d)"]
        func draft(_ prompt: String, _ lines: ArraySlice<String>, _ value: Int) -> (String, String) {
            (prompt + "=?", lines.joined(separator: "\n") + "\n#### \(value)")
        }
        switch (level, random.integer(0...2)) {
        case (1, 0): return draft("\(a)+\(b)", lines[0...0], sum)
        case (1, 1): return draft("\(sum)*\(c)", lines[1...1], product)
        case (1, _): return draft("\(product)+\(d)", lines[2...2], product + d)
        case (2, 0): return draft("(\(a)+\(b))*\(c)", lines[0...1], product)
        case (2, _): return draft("\(sum)*\(c)+\(d)", lines[1...2], product + d)
        default: return draft("(\(a)+\(b))*\(c)+\(d)", lines[0...2], product + d)
        }
    }

    /// `b=a+3 d=5 a=4 b?`: `a=4`, `b=7`; values are taken modulo ten.
    private static func assignments(hops: Int, _ random: inout RandomSource) -> (prompt: String, completion: String) {
        let count = X.count
        if hops == 0, random.integer(0...99) < X.factPercent {
            let (a, b) = (random.integer(0...9), random.integer(1...9))
            return ("\(a)+\(b)?", "\((a + b) % 10)")
        }
        let names = shuffled(Array("abcdefghijklmnopqrstuvwxyz"), &random).prefix(count).map(String.init)
        var values = [random.integer(0...9)]
        var lines = ["\(names[0])=\(values[0])"]
        for index in 1..<count {
            // The first few form the chain that is asked for; each of the rest hangs on any before it.
            let source = index <= hops ? index - 1 : random.integer(0...index - 1)
            let (isSum, term) = (X.minus ? random.integer(0...1) == 0 : true, random.integer(1...9))
            values.append((values[source] + (isSum ? term : 10 - term)) % 10)
            lines.append("\(names[index])=\(names[source])\(isSum ? "+" : "-")\(term)")
        }
        let steps = (0...hops).map { "\(names[$0])=\(values[$0])" }
        return (shuffled(lines, &random).joined(separator: " ") + " \(names[hops])?", X.answer ? "\(values[hops])" : steps.joined(separator: "\n"))
    }

    /// `c=2 a=4 d=9 b=7 b+d+a=?`: `7+9=16`, `16+4=20`.
    private static func letters(level: Int, _ random: inout RandomSource) -> (prompt: String, completion: String) {
        let termCounts = X.terms, top = X.top
        let hardest = termCounts.last ?? 2
        if level == 1, random.integer(0...99) < X.factPercent {
            let (left, right) = (random.integer(0...top * (hardest - 1)), random.integer(0...top))
            return ("\(left)+\(right)=?", "\(left)+\(right)=\(left + right)")
        }
        let names = shuffled(Array("abcdefghijklmnopqrstuvwxyz"), &random).prefix(X.given).map(String.init)
        let digits = names.map { _ in random.integer(0...top) }
        let given = shuffled(zip(names, digits).map { "\($0)=\($1)" }, &random).joined(separator: " ") + " "
        let count = termCounts[level - 1]
        guard count > 1 else { return (given + "\(names[0])=?", "\(digits[0])") }
        var lines: [String] = []
        var total = digits[0]
        for digit in digits[1..<count] {
            lines.append("\(total)+\(digit)=\(total + digit)")
            total += digit
        }
        return (given + names[..<count].joined(separator: "+") + "=?", lines.joined(separator: "\n"))
    }

    private static func shuffled<Element>(_ elements: [Element], _ random: inout RandomSource) -> [Element] {
        var elements = elements
        for index in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(index, random.integer(0...index))
        }
        return elements
    }
}

import Foundation
enum X {
    static func env(_ n: String, _ d: String) -> String { ProcessInfo.processInfo.environment[n] ?? d }
    static let hops = env("HOPS", "0,1,2").split(separator: ",").compactMap { Int($0) }
    static let count = Int(env("COUNT", "4")) ?? 4
    static let factPercent = Int(env("FACTS", "50")) ?? 50
    static let terms = env("TERMS", "1,2,4").split(separator: ",").compactMap { Int($0) }
    static let given = Int(env("GIVEN", "6")) ?? 4
    static let top = Int(env("TOP", "5")) ?? 4
    static let minus = env("MINUS", "0") == "1"
    static let answer = env("ANSWER", "0") == "1"
}
