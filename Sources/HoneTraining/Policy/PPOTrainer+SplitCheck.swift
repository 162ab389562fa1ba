internal import HoneTensor

extension PPOTrainer {
    /// How far gradients may part, relative to their length, that differ only in what was computed together.
    private static let splitTolerance = 1e-5
    private static let checkedAnswers = 8

    /// Computes the gradient of a few short answers together and one by one: a wrong denominator, mask or position
    /// would make a difference. Done once in every attempt, when its first step's updates are over.
    ///
    /// - Throws: `TrainingError.invariant` where they differ by more than rounding.
    func checkSplit(of schedule: Schedule, _ experience: Experience) throws(TrainingError) {
        guard !hasCheckedSplit else { return }
        hasCheckedSplit = true
        let answers = schedule.answers
        let rows = answers.indices.sorted { (answers[$0].inputCount, $0) < (answers[$1].inputCount, $1) }
            .prefix(Self.checkedAnswers)
        func batch(_ rows: [Int]) -> AnswerBatch { AnswerBatch(rows: rows, of: answers, width: schedule.width) }
        func gradients(_ batches: [AnswerBatch]) -> [Tensor] {
            _ = accumulate(batches, experience)
            return noGrad { networks.trained.compactMap { $0.tensor.grad?.clone() } }
        }
        let together = gradients([batch(Array(rows))])
        let apart = gradients(rows.map { batch([$0]) })
        optimizer.zeroGrad()
        criticOptimizer?.zeroGrad()
        let (distance, length) = noGrad {
            (Self.length(zip(together, apart).map { $0 - $1 }), Self.length(together))
        }
        guard length > 0 else { return }
        try requireInvariant(
            "the gradient's relative change when answers are computed one by one", distance / length,
            atMost: Self.splitTolerance)
    }

    private static func length(_ tensors: [Tensor]) -> Double {
        tensors.map { tensor -> Double in (tensor * tensor).sum().item() }.reduce(0, +).squareRoot()
    }
}
