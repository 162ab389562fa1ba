import Foundation
import HoneDatasets
import HoneProblems
import HoneTraining

/// What `word-problems` learns from and measures on.
struct WordProblemData: Sendable {
    let training: [TrainingExample]
    /// Of the training file, kept back: with the next, what settings are chosen by.
    let heldOut: [Example]
    /// The same retold: numbers that do not count, other numbers asked.
    let reworded: [Example]
    let test: [Example]

    init(train: String, test: String?, holdOut: Int, rewordings: Int, narratives: Int) throws {
        let published = try ExampleReader.all(
            of: URL(filePath: train), heldOutPercent: holdOut, rewordingCount: rewordings)
        let generated = try ProblemGenerator(seed: 1, level: .reading).distinct(narratives, split: .train)
            .map { Example(prompt: $0.prompt, answer: $0.answer, steps: $0.steps) }
        heldOut = published.filter { $0.split == ExampleReader.heldOutSplit }
        reworded = heldOut.flatMap { example in (0..<2).compactMap(Rewordings(of: example).rewording) }
        training = (published.filter { $0.split != ExampleReader.heldOutSplit } + generated).compactMap { example in
            SlottedProblem.completion(of: example).map {
                TrainingExample(prompt: SlottedProblem(prompt: example.prompt).prompt, completion: $0)
            }
        }
        self.test = try test.map { try ExampleReader.all(of: URL(filePath: $0)) } ?? []
    }

    /// Whether what a model wrote after a problem leads to its answer.
    func isRight(_ equation: String, _ example: Example) -> Bool {
        guard let solution = SlottedProblem(prompt: example.prompt).solution(equation) else { return false }
        let verdict = SolutionChecker().check(solution, prompt: example.prompt, reference: example.answer)
        return verdict.verdict == .correct
    }
}
