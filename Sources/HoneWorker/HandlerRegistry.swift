public import HoneQueue

/// The kinds of job that this program runs, one line each.
public enum HandlerRegistry {
    public static func handlers(_ resources: WorkerResources) -> [any JobHandler] {
        [
            Classifying(NoopHandler()),
            Classifying(IngestHandler()),
            Classifying(ArrivalsHandler()),
            Classifying(TrainSFTHandler(resources: resources)),
            Classifying(TrainDPOHandler(resources: resources)),
            Classifying(TrainRewardHandler(resources: resources)),
            Classifying(TrainPPOHandler(resources: resources)),
            Classifying(TrainRouterHandler(resources: resources)),
            Classifying(RolloutHandler(resources: resources)),
            Classifying(EvaluateHandler(resources: resources)),
            Classifying(QuantizeHandler(resources: resources)),
            Classifying(GateHandler(resources: resources)),
            Classifying(PromoteHandler()),
            Classifying(ReasonHandler(resources: resources)),
            Classifying(AnnotateHandler()),
            Classifying(SampleHandler(resources: resources)),
            Classifying(FreezeHandler()),
        ]
    }
}
