import HoneProblems

/// Worked solutions with one error put in, and what follows worked out from it.
enum InjectedErrors {
    /// The right solution, and others that are wrong from some step on.
    static func solutions(of problem: Problem, wrongCount: Int, _ random: inout RandomSource) -> [String] {
        let right = StepGrammar.completion(steps: problem.steps, answer: problem.answer)
        let wrong = (0..<wrongCount).compactMap { _ in wrongSolution(of: problem, &random) }
        return [right] + wrong.filter { $0 != right }
    }

    private static func wrongSolution(of problem: Problem, _ random: inout RandomSource) -> String? {
        let equations = problem.steps.compactMap(Equation.init)
        guard !equations.isEmpty, equations.count == problem.steps.count else { return nil }
        let place = random.integer(0...equations.count - 1)
        var steps: [String] = []
        // What each right result has become.
        var changed: [Int: Int] = [:]
        for (index, equation) in equations.enumerated() {
            var equation = equation
            let was = equation.result
            equation.left = changed[equation.left] ?? equation.left
            equation.right = changed[equation.right] ?? equation.right
            if index == place, random.unit() < 0.3 { equation.right += slip(&random) }
            guard let result = equation.value else { return nil }
            equation.result =
                index == place && equation.right == equations[index].right
                ? result + slip(&random) : result
            if equation.result != was { changed[was] = equation.result }
            steps.append(equation.text)
        }
        guard let answer = steps.last.flatMap(Equation.init)?.result else { return nil }
        return StepGrammar.completion(steps: steps, answer: "\(answer)")
    }

    private static func slip(_ random: inout RandomSource) -> Int {
        let size = [1, 1, 1, 2, 3, 5, 9, 10, 10, 20][random.integer(0...9)]
        return random.unit() < 0.5 ? size : -size
    }
}

/// `82-40=42`, taken apart.
private struct Equation {
    var left: Int
    let operation: Character
    var right: Int
    var result: Int

    init?(_ step: String) {
        let sides = step.split(separator: "=")
        guard sides.count == 2, let result = Int(sides[1]),
            let place = sides[0].indices.dropFirst().first(where: { "+-*/".contains(sides[0][$0]) })
        else { return nil }
        let rest = sides[0][sides[0].index(after: place)...].filter { $0 != "(" && $0 != ")" }
        guard let left = Int(sides[0][..<place]), let right = Int(rest) else { return nil }
        self.left = left
        self.right = right
        operation = sides[0][place]
        self.result = result
    }

    /// Nil where it is not whole.
    var value: Int? {
        switch operation {
        case "+": left + right
        case "-": left - right
        case "*": left * right
        default: right != 0 && left.isMultiple(of: right) ? left / right : nil
        }
    }

    var text: String { "\(left)\(operation)\(right < 0 ? "(\(right))" : "\(right)")=\(result)" }
}
