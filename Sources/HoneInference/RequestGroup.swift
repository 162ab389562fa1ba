import HoneModel
import HoneTensor

/// Requests that share one cache: of about one length, so that no short one pays for a long one's room.
struct RequestGroup {
    /// Positions of the requests, by rising length of the prompt.
    var members: [Int]
    /// Rows of the cache.
    let rowCount: Int
    /// Tokens that a row of the cache has room for.
    let tokenCount: Int

    /// Sorts requests into groups whose longest is under twice the shortest, within the limits.
    static func groups(
        _ requests: [GenerationRequest], _ configuration: ModelConfiguration, _ limits: GenerationLimits
    ) -> [RequestGroup] {
        let lengths = requests.map { $0.tokenCount(contextLength: configuration.maxPositionCount) }
        let classes = Dictionary(grouping: requests.indices) { Int.bitWidth - max(lengths[$0], 64).leadingZeroBitCount }
        return classes.sorted { $0.key < $1.key }.map { _, members in
            let tokenCount = members.map { lengths[$0] }.max() ?? 0
            let affordable = limits.cacheByteCount / configuration.cacheByteCount(tokenCount: tokenCount)
            return RequestGroup(
                members: members.sorted { (requests[$0].prompt.count, $0) < (requests[$1].prompt.count, $1) },
                rowCount: max(1, min(limits.batchSize, affordable, members.count)), tokenCount: tokenCount)
        }
    }
}

extension GenerationRequest {
    /// Tokens of the prompt and the longest answer.
    func tokenCount(contextLength: Int) -> Int {
        prompt.count + min(maximumNewTokens, contextLength - prompt.count)
    }

    /// Throws when the request cannot be answered, whatever else is asked for; `position` is the request's.
    func check(
        at position: Int, _ configuration: ModelConfiguration, _ limits: GenerationLimits
    ) throws(InferenceError) {
        let contextLength = configuration.maxPositionCount
        if prompt.isEmpty { throw .emptyPrompt(request: position) }
        if prompt.count >= contextLength {
            throw .promptTooLong(request: position, tokenCount: prompt.count, contextLength: contextLength)
        }
        if let token = prompt.first(where: { !(0..<configuration.vocabularySize).contains(Int($0)) }) {
            throw .tokenOutOfVocabulary(
                request: position, token: token, vocabularySize: configuration.vocabularySize)
        }
        func require(_ holds: Bool, _ parameter: String, _ reason: String) throws(InferenceError) {
            if !holds { throw .parameter(request: position, name: parameter, reason: reason) }
        }
        if let fault = sampling.fault {
            throw .parameter(request: position, name: fault.name, reason: fault.reason)
        }
        if let token = sampling.logitBias.keys.filter({ !(0..<configuration.vocabularySize).contains(Int($0)) }).min() {
            throw .parameter(
                request: position, name: "logit_bias",
                reason: "names token \(token); the model's are 0 to \(configuration.vocabularySize - 1)")
        }
        try require(
            format == nil || !usesCalculator && stopTexts.isEmpty, "format",
            "goes with neither stop texts nor the calculator, which would break it")
        try require(maximumNewTokens > 0, "max_new_tokens", "must be at least 1, is \(maximumNewTokens)")
        let tokenCount = tokenCount(contextLength: contextLength)
        let byteCount =
            configuration.hasHierarchicalLayers
            ? configuration.cacheByteCount(tokenCount: tokenCount)
            : KeyValuePages.count(forTokens: tokenCount) * configuration.pageByteCount(configuration.cacheEntry)
        if byteCount > limits.cacheByteCount {
            throw .cacheTooSmall(request: position, byteCount: byteCount, limit: limits.cacheByteCount)
        }
    }
}
