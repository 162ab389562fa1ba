import Foundation
import HoneModel
import HoneProblems
import HoneTensor

/// What one model learnt.
struct LearntChains: CustomStringConvertible {
    /// The share of right values in the second half of new chains.
    let accuracy: Double
    /// The same of those whose source was last given a value before the window.
    let farAccuracy: Double
    let steps: Int
    /// Of training, on the processor.
    let seconds: Double
    let parameterCount: Int

    var description: String {
        "accuracy \(accuracy), far \(farAccuracy), \(steps) steps, \(seconds) s, \(parameterCount) parameters"
    }
}

/// One model that learns the values of long chains, by what `train.sft` starts a small model with: Muon for the layers'
/// matrices and AdamW for the rest.
struct ChainLearner {
    private let model: CausalLanguageModel
    private let muon: Muon
    private let adamW: AdamW
    private let options: AttentionLearningOptions
    private let seed: UInt64
    var stepCount: Int

    init(_ shape: ModelConfiguration, seed: UInt64, options: AttentionLearningOptions, steps: Int) {
        model = CausalLanguageModel(shape, generator: Generator(seed: seed))
        let isMatrix = { (parameter: NamedParameter) in
            parameter.tensor.dim == 2 && parameter.name.contains(".layers.")
        }
        muon = Muon(model.namedParameters.filter(isMatrix), weightDecay: 0.01)
        adamW = AdamW(
            model.namedParameters.filter { !isMatrix($0) }, betas: (0.9, 0.98), weightDecay: 0.01,
            decays: { $0.tensor.dim == 2 })
        self.options = options
        self.seed = seed
        stepCount = steps
    }

    /// Chains of a stream of their own; what is held out is drawn from another than what is learnt from.
    private func chains(_ count: Int, stream: UInt64) -> [LongChain] {
        var random = RandomSource(words: seed, stream)
        return (0..<count).map { _ in
            LongChain(
                lineCount: options.lines, variableCount: options.variables, addendCount: options.addends,
                nearPercent: options.nearPercent, &random)
        }
    }

    /// Logits at the places before values, and the values.
    private func read(_ chains: [LongChain], from line: Int) -> (logits_PV: Tensor, values_P: Tensor) {
        let length = options.lines * LongChain.lineLength
        let places = chains.indices.flatMap { i in
            LongChain.places(from: line, lineCount: options.lines).map { $0 + i * length }
        }
        let all = chains.flatMap(\.tokens)
        let hidden_PC = model.hiddenStates(TokenLine(chains.map(\.tokens)), at: Tensor(places))
        return (model.logits(hidden_PC), Tensor(places.map { Int(all[$0 + 1]) }))
    }

    private func step(_ number: Int) {
        let (logits_PV, values_P) = read(chains(options.batch, stream: UInt64(number)), from: 0)
        muon.zeroGrad()
        adamW.zeroGrad()
        logits_PV.crossEntropy(values_P).backward()
        clipGradNorm(model.parameters, maxNorm: 1)
        let share = LearningRateSchedule.cosine(
            peak: 1, warmupSteps: min(50, stepCount / 4), totalSteps: stepCount, finalFraction: 0.05
        ).rate(at: number)
        muon.learningRate = options.muonRate * share
        adamW.learningRate = options.learningRate * share
        muon.step()
        adamW.step()
    }

    /// What a step costs, by a copy of the model whose steps do not count.
    func secondsPerStep() -> Double {
        var copy = ChainLearner(model.configuration, seed: seed, options: options, steps: 1 << 20)
        copy.stepCount = 1 << 20
        copy.step(0)
        let start = processorSeconds()
        for number in 1...8 { copy.step(number) }
        return (processorSeconds() - start) / 8
    }

    func learn(heldOutCount: Int) -> LearntChains {
        let start = processorSeconds()
        for number in 0..<stepCount {
            step(number)
            if options.verbose, (number + 1).isMultiple(of: 100) {
                let found = accuracy(on: chains(8, stream: 1 << 40))
                FileHandle.standardError.write(
                    Data("  step \(number + 1): \(found.all) far \(found.far), \(processorSeconds() - start) s\n".utf8))
            }
        }
        let seconds = processorSeconds() - start
        let found = accuracy(on: chains(heldOutCount, stream: 1 << 41))
        return LearntChains(
            accuracy: found.all, farAccuracy: found.far, steps: stepCount, seconds: seconds,
            parameterCount: model.parameterCount)
    }

    private func accuracy(on chains: [LongChain]) -> (all: Double, far: Double) {
        let first = options.lines / 2
        var (right, far): ([Double], [Double]) = ([], [])
        for chain in chains {
            let isRight = noGrad {
                let (logits_PV, values_P) = read([chain], from: first)
                return (logits_PV.argmax(dim: -1) .== values_P).to(.float32).toArray(Float.self).map(Double.init)
            }
            right += isRight
            far += zip(isRight, first...).filter { chain.distance(ofLine: $1) > 32 }.map(\.0)
        }
        return (right.reduce(0, +) / Double(right.count), far.reduce(0, +) / Double(max(1, far.count)))
    }

    private func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}
