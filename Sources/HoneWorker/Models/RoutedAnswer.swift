import HoneCatalog
import HoneInference
import HoneModel

/// A result and the way that it came; nil where nobody asked for any but the deep path.
struct RoutedAnswer: Sendable {
    var result: GenerationResult
    let route: RouteRecord?
}

/// A route as files and results of jobs show it.
struct RouteText: Encodable, Sendable {
    let path: String
    let confidence: Double?
    /// The share of the deep path's layers times tokens that was not computed.
    let saved: Double

    init(_ route: RouteRecord) {
        path = route.path.rawValue
        confidence = route.confidence
        saved = route.saved
    }
}

extension NewSampleRoute {
    init(of sample: NewSample, _ route: RouteRecord, by settings: RoutingSettings) {
        self.init(
            of: sample, mode: settings.recordedMode, path: route.path.rawValue, confidence: route.confidence,
            computed: route.computed, deep: route.deep)
    }
}
