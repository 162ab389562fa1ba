import ArgumentParser
import HoneProblems

/// Different sums with their running totals: to learn from, and to hold out. Orders of the same numbers are different
/// questions, all of them on one side of the split.
struct DrawnSums {
    private(set) var training: [Problem] = []
    private(set) var heldOut: [Problem] = []

    /// - Parameters:
    ///   - trainingCount: sums to learn from
    ///   - heldOutCount: sums to hold out
    ///   - random: what they are drawn by
    ///   - numbers: draws those of one sum
    /// - Throws: `ValidationError` where there are not so many
    init(
        trainingCount: Int, heldOutCount: Int, random: inout RandomSource, numbers: (inout RandomSource) -> [Int]
    ) throws {
        var (drawn, seen): (Int, Set<String>) = (0, [])
        while training.count < trainingCount || heldOut.count < heldOutCount {
            drawn += 1
            guard drawn < 2_000_000 else {
                throw ValidationError(
                    "there are only \(training.count) problems to learn from and \(heldOut.count) to hold out; ask "
                        + "for fewer")
            }
            let problem = LearningTask.sum(numbers(&random))
            guard seen.insert(problem.prompt).inserted else { continue }
            switch problem.split {
            case .train where training.count < trainingCount: training.append(problem)
            case .test where heldOut.count < heldOutCount: heldOut.append(problem)
            default: break
            }
        }
    }
}

extension Problem {
    /// The numbers of a sum, as they are asked.
    var summands: [Int] { prompt.dropLast("=?".count).split(separator: "+").compactMap { Int($0) } }

    /// The same question, worked out by somebody who has their own way to add.
    func worked(adding: (_ total: Int, _ number: Int) -> Int) -> Problem {
        let numbers = summands
        var (steps, total) = ([String](), numbers[0])
        for number in numbers.dropFirst() {
            let next = adding(total, number)
            steps.append("\(total)+\(number)=\(next)")
            total = next
        }
        return Problem(
            level: level, prompt: prompt, steps: steps, answer: "\(total)", canonicalForm: canonicalForm)
    }
}
