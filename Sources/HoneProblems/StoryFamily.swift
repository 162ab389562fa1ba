/// Short word problems of two or three steps, from a table of templates.
enum StoryFamily {
    static func story(_ random: inout RandomSource) -> Draft {
        let template = random.element(of: StoryTemplate.all)
        while true {
            let numbers = template.ranges.map { random.integer($0) }
            var steps = WorkedSteps()
            let formula = template.formula(numbers.map { .integer($0) })
            guard let answer = steps.solve(formula, within: bounds), answer > 0 else { continue }
            return Draft(
                prompt: text(of: template, numbers: numbers, &random), steps: steps.lines, answer: answer,
                canonicalForm: "\(template.name) \(numbers)")
        }
    }

    /// Nobody has fewer than no apples.
    private static let bounds = OperandBounds(results: 0...999)

    private static func text(of template: StoryTemplate, numbers: [Int], _ random: inout RandomSource) -> String {
        let hero = random.integer(0...names.count - 1)
        let friend = (hero + random.integer(1...names.count - 1)) % names.count
        let thing = random.element(of: things)
        var text = ""
        for character in random.element(of: template.wordings) {
            switch character {
            case "@": text += names[hero]
            case "&": text += names[friend]
            case "#": text += thing
            default:
                if let index = character.wholeNumberValue {
                    text += "\(numbers[index])"
                } else {
                    text.append(character)
                }
            }
        }
        return text
    }

    private static let names = [
        "Ann", "Ben", "Cara", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "Jana", "Kim", "Leo", "Mia", "Nils", "Olga",
        "Pia", "Raj", "Sue", "Tom", "Uma",
    ]
    private static let things = [
        "apples", "books", "coins", "eggs", "cards", "pens", "shells", "stamps", "plums", "stones", "balls", "cakes",
    ]
}
