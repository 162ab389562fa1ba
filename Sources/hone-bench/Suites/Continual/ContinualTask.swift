import HoneProblems
import HoneTraining

/// A family of questions with prompts of a form of its own, such that learning one says nothing about the form of
/// another.
enum ContinualTask: String, CaseIterable, Sendable {
    case sum, larger, difference, units, sorted, doubled, product

    /// The question of this number, with its answer.
    private func question(_ random: inout RandomSource) -> (prompt: String, answer: String) {
        let (a, b) = (random.integer(0...99), random.integer(0...99))
        switch self {
        case .sum: return ("\(a)+\(b)=?", "\(a + b)")
        case .difference: return ("\(a)-\(b)=?", "\(a - b)")
        case .larger: return ("max \(a) \(b)", "\(max(a, b))")
        case .units: return ("units \(a) \(b)", "\((a + b) % 10)")
        case .sorted: return ("sort \(a) \(b)", "\(min(a, b)) \(max(a, b))")
        case .product:
            let (left, right) = (random.integer(10...999), random.integer(2...9))
            return ("\(left)*\(right)=?", "\(left * right)")
        case .doubled: return ("twice \(a), \(b)", "\(2 * a + b)")
        }
    }

    /// Different questions, held-out ones or others: a question's hash decides, so no seed's training sees another's
    /// test.
    func questions(_ count: Int, heldOut: Bool, seed: UInt64) -> [TrainingExample] {
        var random = RandomSource(words: seed, stableHash(of: rawValue), heldOut ? 1 : 0)
        var seen: Set<String> = []
        var examples: [TrainingExample] = []
        while examples.count < count {
            let (prompt, answer) = question(&random)
            guard (stableHash(of: prompt) % 5 == 0) == heldOut, seen.insert(prompt).inserted else { continue }
            examples.append(TrainingExample(prompt: prompt + "\n", completion: answer))
        }
        return examples
    }
}
