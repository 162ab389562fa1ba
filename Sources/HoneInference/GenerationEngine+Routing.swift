extension GenerationEngine {
    /// Continues every prompt by the paths that a plan gives them.
    ///
    /// - Parameters:
    ///   - requests: any number; the limits decide how many run at a time
    ///   - plan: by which paths
    ///   - vote: chooses one of a search's results, which come with the position of their request
    ///   - isWanted: as for ``generate(_:onStep:isWanted:)``
    /// - Returns: one result per request, in their order, with the way that it came
    /// - Throws: `RoutingError` where the model cannot follow the plan, or what ``generate(_:onStep:isWanted:)`` throws
    public func generate(
        _ requests: [GenerationRequest], plan: RoutingPlan,
        vote: @Sendable (_ request: Int, _ results: [GenerationResult]) -> Int,
        isWanted: @Sendable (_ request: Int) -> Bool = { _ in true }
    ) throws -> [RoutedResult] {
        useThreads()
        // The paths have loops of their own, over the same memory.
        shared?.finish()
        return try routed.generate(requests, plan: plan, vote: vote, isWanted: isWanted)
    }

    /// Throws `RoutingError` where the model cannot follow the plan.
    public func check(_ plan: RoutingPlan) throws { try routed.check(plan) }
}
