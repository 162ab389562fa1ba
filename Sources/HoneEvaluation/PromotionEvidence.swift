/// When paired comparisons speak for a candidate.
///
/// Both questions are asked of one end of a 95 % interval, so each errs at most 2.5 times in a hundred.
extension PairedComparison {
    /// How much of a guard suite may be lost unless a gate says otherwise: 1.5 points.
    ///
    /// `hone-bench gate` measures what the defaults find: with 8,000 prompts and models that disagree on a tenth of
    /// them, a loss of 2 points is blocked and hardly anything that lost nothing. Fewer prompts or a smaller margin
    /// block more of what lost nothing, never less of what lost.
    public static let defaultMargin = 0.015
    /// Prompts of a generated suite unless a gate says otherwise.
    public static let defaultPromptCount = 8000

    /// Whether the candidate is shown to be better: the whole interval lies above zero.
    public var isImprovement: Bool { count > 0 && lower > 0 }

    /// Whether the candidate is shown not to lose as much as the margin, a share: the whole interval lies above it.
    public func showsLossBelow(_ margin: Double) -> Bool { count > 0 && lower > -margin }
}
