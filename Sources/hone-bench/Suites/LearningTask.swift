import ArgumentParser
import HoneModel
import HoneProblems
import HoneTraining

/// What `ppo-learning` learns: supervised examples first, and then the verifier's word alone.
enum LearningTask: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Sums of four or five two-digit numbers, shown by people who work long ones out and answer most short ones at
    /// once. The model takes over both habits; only working it out is right most of the time.
    case habits
    /// `7*6+18=?`, answered at once: a part of the table teaches the form, the rest must be found.
    case productSum = "product-sum"
    /// One operation with worked steps, the generator's level 1, learnt half.
    case arithmetic

    /// The supervised steps before reinforcement learning, which end at about 42 % of new problems.
    struct Supervision: Sendable {
        let examples: Int
        let steps: Int
    }

    /// Problems without a question in common.
    struct Problems: Sendable {
        let supervised: [Problem]
        /// What reinforcement learning draws from, the supervised ones among them.
        let prompts: [Problem]
        /// What says when supervised training has come far enough.
        let aiming: [Problem]
        let heldOut: [Problem]
    }

    var supervision: Supervision {
        switch self {
        case .habits: Supervision(examples: 5000, steps: 3600)
        case .productSum: Supervision(examples: 900, steps: 550)
        case .arithmetic: Supervision(examples: 4000, steps: 900)
        }
    }

    /// Longest answer, in tokens.
    var maximumNewTokens: Int {
        switch self {
        case .habits: 60
        case .productSum: 12
        case .arithmetic: 48
        }
    }

    /// The supervised steps of a seed, by AdamW on a model of 0.39 M parameters.
    func configuration(seed: UInt64, steps: Int) -> SFTConfiguration {
        var settings = SFTConfiguration(steps: steps)
        settings.seed = seed
        settings.optimizer = .adamW
        settings.learningRate = 2e-3
        settings.checkpointInterval = 0
        settings.initialization = .normal
        settings.model = ModelConfiguration(
            vocabularySize: 258, hiddenSize: 96, intermediateSize: 256, layerCount: 3, headCount: 4,
            maxPositionCount: 128, rmsNormEps: 1e-6, ropeTheta: 100, tiesEmbeddings: false,
            initializerRange: 0.05, eosTokenIDs: [256], padTokenID: 257)
        return settings
    }

    func draw(seed: UInt64, heldOutCount: Int) throws -> Problems {
        switch self {
        case .habits: Self.habits(seed: seed, heldOutCount: heldOutCount, supervision.examples)
        case .productSum: Self.productSums(seed: seed, heldOutCount: heldOutCount, supervision.examples)
        case .arithmetic: try Self.arithmetic(seed: seed, heldOutCount: heldOutCount)
        }
    }
}

extension LearningTask {
    private static let aimingCount = 8000
    private static let trainingCount = 30_000
    /// Of 100 sums so many have five numbers.
    private static let longSums = 40

    /// Sums of both lengths in exactly their shares: short ones are the harder, and two sets should differ by little.
    private struct EvenSums {
        private(set) var problems: [Problem] = []
        private var (longRoom, shortRoom): (Int, Int)

        init(count: Int) {
            longRoom = count * longSums / 100
            shortRoom = count - longRoom
        }

        var isFull: Bool { longRoom + shortRoom == 0 }

        mutating func take(_ problem: Problem) {
            let isLong = problem.steps.count > 3
            guard (isLong ? longRoom : shortRoom) > 0 else { return }
            if isLong { longRoom -= 1 } else { shortRoom -= 1 }
            problems.append(problem)
        }
    }

    /// Of 100 sums so many are shown with their steps.
    private static func shownWithSteps(_ problem: Problem) -> UInt64 { problem.steps.count > 3 ? 90 : 20 }

    private static func habits(seed: UInt64, heldOutCount: Int, _ exampleCount: Int) -> Problems {
        var random = RandomSource(words: seed, 0x5A)
        var (train, seen): ([Problem], Set<String>) = ([], [])
        var (aiming, heldOut) = (EvenSums(count: aimingCount), EvenSums(count: heldOutCount))
        while train.count < trainingCount || !heldOut.isFull || !aiming.isFull {
            let count = random.integer(0...99) < longSums ? 5 : 4
            let problem = sum((0..<count).map { _ in random.integer(10...99) })
            guard seen.insert(problem.canonicalForm).inserted else { continue }
            switch problem.split {
            case .train where train.count < trainingCount: train.append(problem)
            case .train: break
            case .test: heldOut.take(problem)
            case .validation: aiming.take(problem)
            }
        }
        let supervised = train.prefix(exampleCount).map { problem in
            let draw = stableHash(of: "\(seed) \(problem.canonicalForm)") % 100
            return draw < shownWithSteps(problem) ? problem : problem.withoutSteps
        }
        return Problems(
            supervised: supervised, prompts: train, aiming: aiming.problems, heldOut: heldOut.problems)
    }

    /// `12+34+5=?` with its running totals.
    static func sum(_ terms: [Int]) -> Problem {
        var (steps, total) = ([String](), terms[0])
        for term in terms.dropFirst() {
            steps.append("\(total)+\(term)=\(total + term)")
            total += term
        }
        return Problem(
            level: .multiStep, prompt: terms.map(String.init).joined(separator: "+") + "=?", steps: steps,
            answer: "\(total)", canonicalForm: terms.sorted().map(String.init).joined(separator: "+"))
    }

    private static func productSums(seed: UInt64, heldOutCount: Int, _ exampleCount: Int) -> Problems {
        var all: [Problem] = []
        for a in 2...9 {
            for b in 2...9 {
                for c in 0...29 {
                    let prompt = "\(a)*\(b)+\(c)=?"
                    all.append(
                        Problem(
                            level: .multiStep, prompt: prompt, steps: [], answer: "\(a * b + c)",
                            canonicalForm: prompt))
                }
            }
        }
        let places = all.map { stableHash(of: "\(seed) \($0.canonicalForm)") }
        let shuffled = all.indices.sorted { places[$0] < places[$1] }.map { all[$0] }
        let train = shuffled.filter { $0.split == .train }
        let heldOut = shuffled.filter { $0.split == .test }
        return Problems(
            supervised: Array(train.prefix(exampleCount)), prompts: train,
            aiming: Array(shuffled.filter { $0.split == .validation }.prefix(aimingCount)),
            heldOut: Array(heldOut.prefix(heldOutCount)))
    }

    private static func arithmetic(seed: UInt64, heldOutCount: Int) throws -> Problems {
        let generator = ProblemGenerator(seed: seed, level: .arithmetic)
        let train = try generator.distinct(4000, split: .train)
        return Problems(
            supervised: train, prompts: train, aiming: try generator.distinct(2000, split: .validation),
            heldOut: try generator.distinct(heldOutCount, split: .test))
    }
}

extension Problem {
    /// The same, answered at once.
    fileprivate var withoutSteps: Problem {
        Problem(level: level, prompt: prompt, steps: [], answer: answer, canonicalForm: canonicalForm)
    }
}
