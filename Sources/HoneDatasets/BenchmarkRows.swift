import Foundation

/// A row of SVAMP (Patel et al. 2021, arXiv:2103.07191).
struct SVAMPRow: ExampleRow {
    let ID: String
    let Body: String
    let Question: String
    let Equation: String
    let Answer: Decimal
    let `Type`: String

    func example() throws(RowFault) -> Example {
        var example = Example(
            prompt: .prompt(story: Body, question: Question), answer: normalizedAnswer("\(Answer)"), split: "",
            source: "svamp", metadata: ["id": .string(ID), "equation": .string(Equation), "type": .string(`Type`)])
        example.adopt(try WorkedEquation(infix: Equation))
        return example
    }
}

/// A row of MultiArith (Roy and Roth 2015), with one equation `X=…` and one solution.
struct MultiArithRow: ExampleRow {
    let iIndex: Int
    let sQuestion: String
    let lEquations: [String]
    let lSolutions: [Decimal]

    func example() throws(RowFault) -> Example {
        guard lEquations.count == 1, lSolutions.count == 1, let equation = lEquations.first,
            let solution = lSolutions.first
        else { throw RowFault("lEquations and lSolutions must hold one element each") }
        let sides = equation.split(separator: "=")
        guard sides.count == 2, sides[0].lowercased() == "x" else {
            throw RowFault("the equation \"\(equation)\" must be X=…")
        }
        var example = Example(
            prompt: sQuestion.normalizedPrompt, answer: normalizedAnswer("\(solution)"), split: "",
            source: "multiarith", metadata: ["id": .integer(iIndex), "equation": .string(equation)])
        example.adopt(try WorkedEquation(infix: String(sides[1])))
        return example
    }
}
