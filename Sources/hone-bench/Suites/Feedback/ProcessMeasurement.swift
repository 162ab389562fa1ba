import HoneEvaluation
import HoneInference
import HoneModel
import HoneProblems
import HoneTensor
import HoneTokenizer
import HoneTraining

/// Best of sixteen: chosen by a process reward model, by outcome reward models, or by the majority.
///
/// All models learn from the same labelled answers, from the same backbone and for as many steps, outcome models at the
/// rates that were best for them on other seeds. The process model is told where an answer goes wrong. An outcome model
/// reads an answer at its end; one is told which answers are right, one which of two answers to a question is. A third
/// is told at every line whether the answer is right in the end (Cobbe et al. 2021, arXiv:2110.14168, section 4.2).
struct ProcessMeasurement {
    let seed: UInt64
    let options: RLHFSuite.Sizes
    let verbose: Bool

    /// Shares of held-out problems for which what was chosen is right.
    struct Result {
        let oneAnswer: Double
        let majority: Double
        let verdicts: Double
        let pairs: Double
        let everyLine: Double
        let process: Double
        /// Some answer of the sixteen is right.
        let any: Double
        let overVerdicts: PairedBootstrap
        let overPairs: PairedBootstrap
        let overEveryLine: PairedBootstrap
        let overMajority: PairedBootstrap
        let firstErrorF1: Double
        /// Of held-out lines that the policy wrote: the share judged rightly, and the share that is right.
        let lineAccuracy: Double
        let rightLineShare: Double
        let calibrationError: Double
    }

    /// The models that learn from the same answers.
    private struct Judges {
        let process: RewardTrainer
        let verdicts: RewardTrainer
        let pairs: RewardTrainer
        let everyLine: RewardTrainer
    }

    private static let candidateCount = 16

    func run(in root: String) async throws -> Result {
        let problems = try CarryProblems(options, seed: seed)
        let policy = try await SupervisedPolicy.train(
            "forgetful", on: problems.supervised, layerCount: options.layers, steps: options.supervisedSteps,
            seed: seed, in: root)
        let judge = try await SupervisedPolicy.train(
            "carrying", on: problems.exact, layerCount: options.judgeLayers, steps: options.judgeSteps, seed: seed,
            in: root)
        Threads.set(intraOp: 1)
        let model = try policy.load()
        let labelled = try sample(model, problems.labelled, each: options.answersPerPrompt, seed: seed)
        let candidates = try sample(model, problems.heldOut, each: Self.candidateCount, seed: seed &+ 1)
        func train(_ examples: RewardExamples, rate: Double) throws -> RewardTrainer {
            let measurement = RewardMeasurement(
                seed: seed, steps: options.choosingSteps, learningRate: rate, verbose: verbose)
            return try measurement.train(
                examples, heldOut: nil, from: judge.load(), steps: options.choosingSteps
            ).trainer
        }
        let solutions = labelled.flatMap(\.self)
        let judges = Judges(
            process: try train(.steps(solutions.map(\.steps)), rate: 2e-3),
            verdicts: try train(.steps(solutions.map(\.verdict)), rate: 2e-3),
            pairs: try train(.pairs(labelled.flatMap(LabelledSolution.pairs)), rate: 1e-3),
            everyLine: try train(.steps(solutions.map(\.verdictAtEveryLine)), rate: 1e-3))
        return try choose(candidates, judges)
    }

    private func sample(
        _ model: CausalLanguageModel, _ problems: [Problem], each count: Int, seed: UInt64
    ) throws -> [[LabelledSolution]] {
        let answers = try SupervisedPolicy.answers(of: model, to: problems, each: count, temperature: 1, seed: seed)
        return zip(problems, answers).map { problem, results in results.map { LabelledSolution($0, of: problem) } }
    }

    private func choose(_ candidates: [[LabelledSolution]], _ judges: Judges) throws -> Result {
        /// Of every problem: whether the answer of the highest score is right.
        func chosen(_ scores: ([LabelledSolution]) -> [Double]) -> [Double] {
            candidates.map { solutions in
                let scores = scores(solutions)
                let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
                return solutions[best].isRight ? 1 : 0
            }
        }
        func atTheEnd(_ judge: RewardTrainer) -> [Double] {
            chosen { judge.stepProbabilities(of: $0.map(\.verdict)).map { $0[0] } }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        var errors = FirstErrors()
        let byProcess = chosen { solutions in
            let ofLines = judges.process.stepProbabilities(of: solutions.map(\.everyLine))
            for (solution, probabilities) in zip(solutions, ofLines) { errors.count(solution, probabilities) }
            return ofLines.map { StepAggregation.product.score($0) ?? 0 }
        }
        let (byVerdicts, byEveryLine) = (atTheEnd(judges.verdicts), atTheEnd(judges.everyLine))
        let byPairs = chosen { judges.pairs.rewards(of: $0.map(\.verdict.tokens)) }
        let byMajority = chosen(Self.votes)
        let lines = candidates.joined().map(\.steps)
        let evaluation = try judges.process.evaluate(.steps(lines))
        let labels = lines.flatMap(\.labels)
        func over(_ others: [Double]) -> PairedBootstrap { PairedBootstrap(zip(byProcess, others).map { $0 - $1 }) }
        return Result(
            oneAnswer: mean(candidates.map { $0[0].isRight ? 1 : 0 }), majority: mean(byMajority),
            verdicts: mean(byVerdicts), pairs: mean(byPairs), everyLine: mean(byEveryLine), process: mean(byProcess),
            any: mean(candidates.map { $0.contains(where: \.isRight) ? 1 : 0 }), overVerdicts: over(byVerdicts),
            overPairs: over(byPairs), overEveryLine: over(byEveryLine), overMajority: over(byMajority),
            firstErrorF1: errors.f1, lineAccuracy: evaluation.accuracy,
            rightLineShare: Double(labels.count(where: \.isRight)) / Double(labels.count),
            calibrationError: evaluation.calibrationError)
    }

    /// How many say what each says; what says nothing has no vote.
    private static func votes(_ solutions: [LabelledSolution]) -> [Double] {
        var counts: [String: Double] = [:]
        for case let answer? in solutions.map(\.answer) { counts[answer, default: 0] += 1 }
        return solutions.map { $0.answer.flatMap { counts[$0] } ?? 0 }
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
