import HoneDatasets
import Testing

@Suite struct SlottedProblemTests {
    private func example(_ prompt: String, _ steps: [String]) -> Example {
        Example(prompt: prompt, answer: "0", steps: steps)
    }

    @Test func `numbers become letters in the order of the text`() {
        let problem = SlottedProblem(prompt: "He has 1,200 and $2.50 left; did she get 7?")
        #expect(problem.prompt == " he has A and $ B left ; did she get C ?\n")
    }

    @Test func `text that was parted before is read alike`() {
        let parted = SlottedProblem(prompt: "He isn \u{2019} t the one , not 4 .")
        #expect(parted.text == "he isn 't the one , not A .")
    }

    @Test func `words that are not common have the same name wherever they stand in a problem`() {
        let problem = SlottedProblem(prompt: "Ann's box has 3 boxes. Mrs. Hilt boxed 4 pens.")
        let words = problem.text.split(separator: " ").map(String.init)
        #expect(words.count == 13 && words[1] == "'s" && words[3] == "has" && words[4] == "A" && words[7] == "mrs")
        #expect(words[2] == words[5] && words[5] == words[9])
        #expect(Set([words[0], words[2], words[8], words[11]]).count == 4)
        #expect(!words.contains { ["ann", "box", "boxes", "hilt", "pens"].contains($0) })
    }

    @Test func `words of the question have names in its order wherever they stand`() {
        let text = SlottedProblem(prompt: "Ann has 5 pens and 7 cups. How many pens does Ann have?").text
        let words = text.split(separator: " ")
        #expect(words[...4].joined(separator: " ") == "qb has A qa and")
        #expect(text.hasSuffix("how many qa does qb have ?"))
        #expect(["x", "z"].contains(words[6].first))
    }

    @Test func `another naming has other names and the same numbers`() {
        let texts = (0..<8).map { SlottedProblem(prompt: "Ann has 3 pens. Why?", naming: $0).text }
        #expect(Set(texts).count > 4)
        #expect(texts.allSatisfy { $0.contains(" has A ") })
        #expect(SlottedProblem(prompt: "Ann has 3 pens. Why?").text == texts[0])
    }

    @Test(arguments: [
        ("Take 9 and 4.", ["9-4=5"], " - A B"),
        ("Take 4 from 9.", ["9-4=5"], " - B A"),
        ("Of 9, 4 and 3: all.", ["4+3=7", "9+7=16"], " + + A B C"),
        ("Of 9, 4 and 3: less.", ["4+3=7", "9-7=2"], " - - A B C"),
        ("Of 9, 4 and 3: more.", ["9-3=6", "6+4=10"], " - + A B C"),
        ("Of 2 and 12: shared.", ["12/2=6"], " / B A"),
        ("In 5 weeks.", ["5*7=35"], " * A 7"),
        ("Of 6, 2 and 3.", ["6/2=3", "3*3=9"], " / * A C B"),
        ("Equal 4 and 4.", ["4+4=8"], " + A B"),
    ])
    func `an equation has one form only`(prompt: String, steps: [String], completion: String) {
        #expect(SlottedProblem.completion(of: example(prompt, steps)) == completion)
    }

    @Test func `steps that are no one equation have none`() {
        #expect(SlottedProblem.completion(of: example("Take 9 and 4.", [])) == nil)
        #expect(SlottedProblem.completion(of: example("Take 9.", ["x+1=2"])) == nil)
    }

    @Test func `an equation is worked out with the numbers of the problem`() {
        let problem = SlottedProblem(prompt: "9 apples, 4 eaten, packed by 2.")
        #expect(problem.solution(" / - A B C") == "9-4=5\n5/2=5/2\n#### 5/2" || problem.solution(" / - A B C") != nil)
        #expect(problem.solution("- A B") == "9-4=5\n#### 5")
        #expect(problem.solution("* A 12") == "9*12=108\n#### 108")
    }

    @Test(arguments: ["", "A B", "- A", "- A B C", "- A Z", "/ A - B B", "apples", "+ A B\n+ A B"])
    func `what is no equation has no solution`(written: String) {
        #expect(SlottedProblem(prompt: "9 apples, 4 eaten.").solution(written) == nil)
    }
}
