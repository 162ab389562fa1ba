import HoneProblems

/// A problem of the small tasks of `curriculum`.
struct CurriculumDraft {
    let prompt: String
    /// One equation a line.
    let lines: [String]
    let answer: String
    /// The prompt without what does not change it.
    let question: String

    var completion: String { (lines + ["#### \(answer)"]).joined(separator: "\n") }

    var answerAlone: CurriculumDraft {
        CurriculumDraft(prompt: prompt, lines: [], answer: answer, question: question)
    }

    init(prompt: String, lines: [String], answer: String, question: String? = nil) {
        (self.prompt, self.lines, self.answer) = (prompt, lines, answer)
        self.question = question ?? prompt
    }

    static func chain(level: Int, _ random: inout RandomSource) -> CurriculumDraft {
        let (a, b) = (random.integer(1...9), random.integer(1...9))
        let (c, d) = (random.integer(2...9), random.integer(1...9))
        let (sum, product) = (a + b, (a + b) * c)
        let lines = ["\(a)+\(b)=\(sum)", "\(sum)*\(c)=\(product)", "\(product)+\(d)=\(product + d)"]
        func draft(_ prompt: String, _ lines: ArraySlice<String>, _ value: Int) -> CurriculumDraft {
            CurriculumDraft(prompt: prompt + "=?", lines: Array(lines), answer: "\(value)")
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

    static let people = ["Ann", "Bob", "Eve", "Max", "Pia", "Tom"]
    static let things = ["pens", "eggs", "nuts", "cups", "keys"]
    /// In a wording, `@` and `&` stand for people, `#` for things, and 0, 1, 2 for the numbers.
    private static let wordings = [
        (isProduct: true, "@ has 0 # and & has 1. Each costs 2 coins. What do they cost?"),
        (isProduct: true, "@ and & buy 0 and 1 bags of 2 #. How many # is that?"),
        (isProduct: false, "@ has 0 #, finds 1 and gets 2 from &. How many # has @ now?"),
        (isProduct: false, "There are 0 # here, @ brings 1, & brings 2. How many # in all?"),
    ]

    static func words(level: Int, _ random: inout RandomSource) -> CurriculumDraft {
        let numbers = [random.integer(1...9), random.integer(1...9), random.integer(2...9)]
        let wording = random.integer(0...wordings.count - 1)
        let isProduct = wordings[wording].isProduct
        let sum = numbers[0] + numbers[1]
        let result = isProduct ? sum * numbers[2] : sum + numbers[2]
        let lines = ["\(numbers[0])+\(numbers[1])=\(sum)", "\(sum)\(isProduct ? "*" : "+")\(numbers[2])=\(result)"]
        let expression =
            isProduct ? "(\(numbers[0])+\(numbers[1]))*\(numbers[2])" : "\(numbers[0])+\(numbers[1])+\(numbers[2])"
        switch level {
        case 1 where random.integer(0...1) == 0:
            return CurriculumDraft(
                prompt: "\(numbers[0])+\(numbers[1])=?", lines: Array(lines[..<1]), answer: "\(sum)")
        case 1:
            return CurriculumDraft(
                prompt: "\(sum)\(isProduct ? "*" : "+")\(numbers[2])=?", lines: Array(lines[1...]),
                answer: "\(result)")
        case 2:
            return CurriculumDraft(prompt: expression + "=?", lines: lines, answer: "\(result)")
        default:
            let names = shuffled(people, &random)
            let thing = things[random.integer(0...things.count - 1)]
            let prompt = wordings[wording].1.map { character -> String in
                switch character {
                case "0", "1", "2": "\(numbers[character.wholeNumberValue ?? 0])"
                case "@": names[0]
                case "&": names[1]
                case "#": thing
                default: String(character)
                }
            }.joined()
            return CurriculumDraft(prompt: prompt, lines: lines, answer: "\(result)", question: expression)
        }
    }

    /// `c=2 a=4 d=5 b=3 b+d=?`: `3+5=8`.
    static func letters(level: Int, _ random: inout RandomSource) -> CurriculumDraft {
        if level == 1, random.integer(0...1) == 0 {
            let (left, right) = (random.integer(0...15), random.integer(0...5))
            return CurriculumDraft(
                prompt: "\(left)+\(right)=?", lines: ["\(left)+\(right)=\(left + right)"], answer: "\(left + right)")
        }
        let names = letters(6, &random)
        let digits = names.map { _ in random.integer(0...5) }
        let given = shuffled(zip(names, digits).map { "\($0)=\($1)" }, &random).joined(separator: " ")
        let count = [1, 2, 4][level - 1]
        var lines: [String] = []
        var total = digits[0]
        for digit in digits[1..<count] {
            lines.append("\(total)+\(digit)=\(total + digit)")
            total += digit
        }
        return CurriculumDraft(
            prompt: given + " " + names[..<count].joined(separator: "+") + "=?", lines: lines, answer: "\(total)")
    }

    /// `b=a+3 d=5 a=4 b?`: `a=4`, `b=7`; values are taken modulo ten.
    static func assignments(hops: Int, _ random: inout RandomSource) -> CurriculumDraft {
        let names = letters(6, &random)
        var values = [random.integer(0...9)]
        var lines = ["\(names[0])=\(values[0])"]
        for index in 1..<names.count {
            // The first few form the chain that is asked for; each of the rest hangs on any before it.
            let source = index <= hops ? index - 1 : random.integer(0...index - 1)
            let (isSum, term) = (random.integer(0...1) == 0, random.integer(1...9))
            values.append((values[source] + (isSum ? term : 10 - term)) % 10)
            lines.append("\(names[index])=\(names[source])\(isSum ? "+" : "-")\(term)")
        }
        return CurriculumDraft(
            prompt: shuffled(lines, &random).joined(separator: " ") + " \(names[hops])?",
            lines: (0...hops).map { "\(names[$0])=\(values[$0])" }, answer: "\(values[hops])")
    }

    private static func letters(_ count: Int, _ random: inout RandomSource) -> [String] {
        shuffled("abcdefghijklmnopqrstuvwxyz".map(String.init), &random).prefix(count).map { $0 }
    }

    static func shuffled<Element>(_ elements: [Element], _ random: inout RandomSource) -> [Element] {
        var elements = elements
        for index in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(index, random.integer(0...index))
        }
        return elements
    }
}
