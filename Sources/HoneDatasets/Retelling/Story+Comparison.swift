internal import HoneProblems

extension Story {
    /// The story with another question, about two amounts that it tells together: "12 pens and 7 cups" are compared or
    /// added; nil where it tells none so.
    func compared(_ random: inout RandomSource) -> Story? {
        for place in body.indices {
            guard let first = Self.number(body[place]), let thing = Self.counted(after: place, in: body),
                thing.end + 1 < body.count, body[thing.end] == "and", let second = Self.number(body[thing.end + 1]),
                let other = Self.counted(after: thing.end + 1, in: body), thing.thing != other.thing
            else { continue }
            let start = body[..<place].lastIndex { [",", ".", "?", "if"].contains($0) }.map { $0 + 1 } ?? 0
            guard let asked = Self.asked(Array(body[start..<place])), numbers[first] != numbers[second] else {
                continue
            }
            let parts = [(first, thing.thing), (second, other.thing)].sorted { numbers[$0.0] > numbers[$1.0] }
            var story = self
            if story.body.last == "," { story.body.removeLast() }
            if !story.bodyIsWhole { story.body.append(".") }
            story.ask(about: parts, asked, &random)
            return story
        }
        return nil
    }

    private mutating func ask(about parts: [(Int, [String])], _ asked: [String], _ random: inout RandomSource) {
        let (more, fewer) = (parts[0].1, parts[1].1)
        let difference = EquationTemplate.binary(.subtract, .number(parts[0].0), .number(parts[1].0))
        switch random.integer(0...3) {
        case 0: (question, equation) = (["more"] + more + ["than"] + fewer + asked, difference)
        case 1: (question, equation) = (["fewer"] + fewer + ["than"] + more + asked, difference)
        case 2: (question, equation) = (["more"] + more + asked + ["than"] + fewer, difference)
        default:
            let all = random.element(of: [["in", "total"], ["altogether"], ["in", "all"], []])
            question = more + ["and"] + fewer + asked + all
            equation = .binary(.add, .number(parts[0].0), .number(parts[1].0))
        }
        question = ["how", "many"] + question + ["?"]
    }
}
