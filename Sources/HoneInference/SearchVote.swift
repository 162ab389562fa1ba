internal import HoneProblems

/// Chooses among several answers to one prompt without knowing the right one.
public enum SearchVote {
    /// The place of the answer that most agree on, counting only those whose steps are all true equations as long as
    /// there are any (Wang et al. 2022, arXiv:2203.11171, section 2, with the exact verifier's word on the steps).
    /// Of equals the earliest; 0 where nothing answers.
    public static func choose(among texts: [String]) -> Int {
        let checker = SolutionChecker()
        let verdicts = texts.map { checker.check($0, prompt: "", reference: "") }
        let answering = verdicts.indices.filter { verdicts[$0].answer != nil }
        let sound = answering.filter { verdicts[$0].hasOnlyValidSteps }
        var votes: [String: (count: Int, first: Int)] = [:]
        for place in sound.isEmpty ? answering : sound {
            guard let answer = verdicts[place].answer else { continue }
            votes[answer, default: (0, place)].count += 1
        }
        return votes.values.max { ($0.count, -$0.first) < ($1.count, -$1.first) }?.first ?? 0
    }
}
