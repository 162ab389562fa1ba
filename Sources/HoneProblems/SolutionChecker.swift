/// Judges a completion: its answer against the reference, and each of its equations on exact fractions.
///
/// Any text is judged in time linear in its length; none crashes it.
public struct SolutionChecker: Sendable {
    public init() {}

    public func check(_ completion: String, of problem: Problem) -> SolutionVerdict {
        check(completion, prompt: problem.prompt, reference: problem.answer)
    }

    /// - Parameters:
    ///   - completion: Steps line by line and `#### answer`, or prose with `<<48/2=24>>` annotations.
    ///   - prompt: The question, whose numbers ground the steps.
    ///   - reference: The right answer as text: a number in any form of ``AnswerText``, or words.
    /// - Returns: The verdict on the answer, and one on each step in order.
    public func check(_ completion: String, prompt: String, reference: String) -> SolutionVerdict {
        let solution = StepGrammar.parse(completion)
        var grounding = StepGrounding(prompt: prompt)
        let steps = solution.steps.map { check(step: $0, grounding: &grounding) }
        let (verdict, reason) = judge(solution.answer, reference: reference)
        return SolutionVerdict(verdict: verdict, reason: reason, answer: solution.answer, steps: steps)
    }

    private func judge(_ answer: String?, reference: String) -> (AnswerVerdict, String?) {
        guard let answer else { return (.unscorable, "no line \"\(StepGrammar.answerMark) answer\"") }
        do {
            let given = try AnswerText(answer)
            let expected = try AnswerText(reference)
            guard given.matches(expected) else { return (.wrong, "expected \(reference)") }
            return (.correct, nil)
        } catch {
            return answer.lowercased() == reference.lowercased() ? (.correct, nil) : (.unscorable, "\(error)")
        }
    }

    private func check(step: String, grounding: inout StepGrounding) -> StepVerdict {
        func verdict(_ status: StepStatus, _ reason: String?, grounded: Bool = false) -> StepVerdict {
            StepVerdict(text: step, status: status, reason: reason, isGrounded: grounded)
        }
        let sides = step.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2 else { return verdict(.unparsable, "expected one equation, expression=value") }
        do {
            let left = try ExpressionParser.parse(String(sides[0]))
            let right = try ExpressionParser.parse(String(sides[1]))
            let (value, claimed) = (try left.value(), try right.value())
            let isGrounded = grounding.grounds(left)
            if isGrounded { for number in left.numbers { grounding.learn(number) } }
            grounding.learn(claimed)
            guard value == claimed else {
                return verdict(.invalid, "\(sides[0]) is \(value), not \(claimed)", grounded: isGrounded)
            }
            return verdict(.valid, nil, grounded: isGrounded)
        } catch {
            return verdict(.unparsable, error.description)
        }
    }
}
