public import HoneProblems

extension Example {
    /// A generated problem as an example; its split is the problem's own, so that no other seed can move it.
    public init(_ problem: Problem) {
        self.init(
            prompt: problem.prompt, answer: problem.answer, steps: problem.steps, split: problem.split.rawValue,
            source: "generated", level: problem.level.rawValue,
            metadata: ["canonical": .string(problem.canonicalForm)])
    }
}
