import Testing

@testable import HoneInference

@Suite struct PromptLookupTests {
    /// The definition, without an index.
    private func draft(_ tokens: [Int32], _ count: Int) -> [Int32] {
        for length in [3, 2, 1] where tokens.count > length {
            let suffix = Array(tokens.suffix(length))
            for end in (length..<tokens.count).reversed() where Array(tokens[end - length..<end]) == suffix {
                return Array(tokens[end..<min(tokens.count, end + count)])
            }
        }
        return []
    }

    @Test func draftsAreWhatFollowedTheLongestSuffix() {
        #expect(Array(PromptLookup([1, 2, 3, 4, 5, 1, 2, 3]).draft(2)) == [4, 5])
        #expect(Array(PromptLookup([1, 2, 3, 9, 3, 4, 7, 3]).draft(4)) == [4, 7, 3])
        #expect(PromptLookup([1, 2, 3]).draft(4).isEmpty)
        #expect(PromptLookup([Int32]()).draft(4).isEmpty)
        #expect(Array(PromptLookup([5, 5]).draft(4)) == [5])
    }

    @Test func theIndexGivesWhatASearchGives() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let tokens = (0..<Int.random(in: 1...60, using: &random)).map { _ in Int32.random(in: 0...4, using: &random)
            }
            let count = Int.random(in: 1...6, using: &random)
            var lookup = PromptLookup([Int32]())
            for (index, token) in tokens.enumerated() {
                lookup.append(token)
                #expect(Array(lookup.draft(count)) == draft(Array(tokens[...index]), count))
            }
        }
    }
}
