import HoneEvaluation
import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Best of sixteen: chosen by a process reward model, by an outcome reward model, or by the majority.
///
/// Both models learn from the same sampled solutions, from the same backbone and for as many steps. The process model
/// is told where a solution goes wrong, the outcome model at its end alone whether it does.
struct ProcessMeasurement {
    let seed: UInt64
    let options: RLHFSuite.Sizes
    let verbose: Bool

    struct Result {
        let oneAnswer: Double
        let majority: Double
        let outcome: Double
        let process: Double
        /// Some answer of the sixteen is right.
        let any: Double
        let overOutcome: PairedBootstrap
        let overMajority: PairedBootstrap
        let firstErrorF1: Double
        /// Of held-out lines that the policy wrote: the share judged rightly, and the share that is right.
        let lineAccuracy: Double
        let rightLineShare: Double
        let calibrationError: Double
    }

    static let candidateCount = 16

    private var measurement: RewardMeasurement {
        RewardMeasurement(
            seed: seed, steps: options.processSteps, learningRate: options.processRate, verbose: verbose)
    }

    /// Both models learn from the policy's own answers, and choose among its answers to held-out problems.
    func run(
        _ judge: SupervisedPolicy, _ problems: FeedbackProblems, _ answers: PreferenceMeasurement.Answers
    ) throws -> (process: ScoringModel, result: Result) {
        Threads.set(intraOp: 1)
        let solutions = zip(problems.labelled, answers.training).flatMap { problem, results in
            results.map { LabelledSolution($0, of: problem) }
        }
        let candidates = zip(problems.heldOut, answers.heldOut).map { problem, results in
            results.map { LabelledSolution($0, of: problem) }
        }
        let told = solutions.map { options.stepLabels == .symbols ? $0.symbols : $0.steps }
        let (process, evaluation) = try measurement.train(
            .steps(told), heldOut: .steps(candidates.joined().map(\.steps)), from: judge.load(),
            steps: options.processSteps)
        guard let evaluation else { preconditionFailure("a process model without an evaluation") }
        if verbose { show(candidates[0], process) }
        let outcome = try measurement.train(
            .steps(solutions.map(\.outcome)), heldOut: nil, from: judge.load(), steps: options.processSteps
        ).trainer
        let majorities = answers.heldOut.map(Self.majority)
        return (process.model, Self.choose(candidates, majorities, process, outcome, evaluation))
    }

    private func show(_ solutions: [LabelledSolution], _ process: RewardTrainer) {
        for example in solutions.prefix(4).map(\.steps) {
            print("  \(Self.annotated(example, process.stepProbabilities(of: [example])[0]))")
        }
    }

    /// A solution in one line, each label and how surely the model calls it right behind the token that carries it.
    private static func annotated(_ example: StepExample, _ probabilities: [Double]) -> String {
        let tokenizer = SupervisedPolicy.tokenizer
        var (text, start) = ("", 0)
        for (label, probability) in zip(example.labels, probabilities) {
            text += tokenizer.decode(example.tokens[start...label.position].filter { $0 < 256 })
                .replacing("\n", with: "|")
            text += "[\(label.isRight ? "right" : "wrong") \(Int(100 * probability)) %]"
            start = label.position + 1
        }
        return text
    }

    private static func choose(
        _ candidates: [[LabelledSolution]], _ majorities: [Int], _ process: RewardTrainer, _ outcome: RewardTrainer,
        _ evaluation: RewardEvaluation
    ) -> Result {
        var rows: [(majority: Double, outcome: Double, process: Double, one: Double, any: Double)] = []
        var errors = FirstErrors()
        for (solutions, majority) in zip(candidates, majorities) {
            let ofSteps = process.stepProbabilities(of: solutions.map(\.everyLine))
            let ofWhole = outcome.stepProbabilities(of: solutions.map(\.outcome)).map { $0[0] }
            for (solution, probabilities) in zip(solutions, ofSteps) { errors.count(solution, probabilities) }
            let scores = ofSteps.map { StepAggregation.product.score($0) ?? 0 }
            func isRight(_ index: Int) -> Double { solutions[index].isRight ? 1 : 0 }
            rows.append(
                (
                    majority: isRight(majority), outcome: isRight(best(ofWhole)), process: isRight(best(scores)),
                    one: isRight(0), any: solutions.contains(where: \.isRight) ? 1 : 0
                ))
        }
        func mean(_ value: (Int) -> Double) -> Double {
            rows.indices.reduce(0) { $0 + value($1) } / Double(rows.count)
        }
        let labels = candidates.joined().flatMap(\.steps.labels)
        return Result(
            oneAnswer: mean { rows[$0].one }, majority: mean { rows[$0].majority }, outcome: mean { rows[$0].outcome },
            process: mean { rows[$0].process }, any: mean { rows[$0].any },
            overOutcome: PairedBootstrap(rows.map { $0.process - $0.outcome }),
            overMajority: PairedBootstrap(rows.map { $0.process - $0.majority }), firstErrorF1: errors.f1,
            lineAccuracy: evaluation.accuracy,
            rightLineShare: Double(labels.count(where: \.isRight)) / Double(labels.count),
            calibrationError: evaluation.calibrationError)
    }

    private static func best(_ scores: [Double]) -> Int {
        scores.indices.max { scores[$0] < scores[$1] } ?? 0
    }

    /// The first answer that says what most say; those that say nothing do not vote.
    private static func majority(_ results: [GenerationResult]) -> Int {
        let texts = results.map { StepGrammar.parse($0.text).answer }
        var counts: [String: Int] = [:]
        for case let text? in texts { counts[text, default: 0] += 1 }
        return texts.indices.max { (counts[texts[$0] ?? ""] ?? 0, -$0) < (counts[texts[$1] ?? ""] ?? 0, -$1) } ?? 0
    }
}

/// How well the first wrong line is found: a harmonic mean of how often it is found where there is one, and how often
/// none is named where there is none (Zheng et al. 2024, ProcessBench, arXiv:2412.06559).
struct FirstErrors {
    private var (found, wrong) = (0, 0)
    private var (kept, sound) = (0, 0)

    mutating func count(_ solution: LabelledSolution, _ probabilities: [Double]) {
        let named = probabilities.firstIndex { $0 < 0.5 }
        if let first = solution.firstError {
            wrong += 1
            if named == first { found += 1 }
        } else {
            sound += 1
            if named == nil { kept += 1 }
        }
    }

    var f1: Double {
        let (a, b) = (Double(found) / Double(max(1, wrong)), Double(kept) / Double(max(1, sound)))
        return a + b > 0 ? 2 * a * b / (a + b) : 0
    }
}
