import Foundation
import HoneTensor

/// What a model needs besides its weights to answer by more than one path: an early exit, and a router where one was
/// trained. Files of their own beside the model's; without them the model is what it was.
public struct RoutingParts {
    public let exit: EarlyExit
    public var router: Router?

    /// Says where the exit lies and what the router knows.
    public static let configurationFile = "routing.json"
    public static let exitFile = "early_exit.safetensors"
    public static let routerFile = "router.safetensors"

    public init(exit: EarlyExit, router: Router? = nil) {
        self.exit = exit
        self.router = router
    }

    private struct Description: Codable {
        let exitLayer: Int
        let router: RouterDescription?

        enum CodingKeys: String, CodingKey {
            case router
            case exitLayer = "exit_layer"
        }
    }

    private struct RouterDescription: Codable {
        let width: Int
        let paths: [RoutePath]
        let searchCount: Int
        /// By the path's name.
        let calibration: [String: RouteCalibration]
        /// Layers behind which it reads.
        let layer: Int?

        enum CodingKeys: String, CodingKey {
            case width, paths, calibration, layer
            case searchCount = "search_samples"
        }
    }

    /// Writes the parts beside a model.
    public func save(directory: String) throws {
        try Safetensors.write(exit.stateDictionary(), metadata: ["format": "pt"], to: directory + "/" + Self.exitFile)
        if let router {
            try Safetensors.write(
                router.stateDictionary(), metadata: ["format": "pt"], to: directory + "/" + Self.routerFile)
        }
        let description = Description(
            exitLayer: exit.layer,
            router: router.map { router in
                RouterDescription(
                    width: router.width, paths: router.paths, searchCount: router.searchCount,
                    calibration: Dictionary(
                        uniqueKeysWithValues: router.calibration.map { ($0.key.rawValue, $0.value) }),
                    layer: exit.commonLayer)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let text = try encoder.encode(description) + Data("\n".utf8)
        try text.write(to: URL(filePath: directory + "/" + Self.configurationFile), options: .atomic)
    }

    /// The parts beside a model; nil where there are none.
    ///
    /// - Throws: `ModelError` for an exit that the model has no room for, a missing file, or tensors of another shape.
    public static func read(directory: String, for configuration: ModelConfiguration) throws -> RoutingParts? {
        let path = directory + "/" + configurationFile
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let description = try readJSON(Description.self, path)
        let exit: EarlyExit
        do throws(ModelError) {
            exit = try EarlyExit(unfilled: description.exitLayer, configuration)
        } catch {
            throw ModelError.file(path: path, fault: "\(error)")
        }
        try fill(exit, from: directory + "/" + exitFile)
        guard let known = description.router else { return RoutingParts(exit: exit) }
        guard (1...1 << 16).contains(known.width), known.searchCount > 0, !known.paths.isEmpty else {
            throw ModelError.file(path: path, fault: "describes a router of no size, no paths or no search")
        }
        var router = Router(
            hiddenSize: configuration.hiddenSize, width: known.width, paths: known.paths,
            searchCount: known.searchCount, generator: Generator(seed: 0))
        try fill(router, from: directory + "/" + routerFile)
        guard known.layer == exit.commonLayer else {
            throw ModelError.file(
                path: path,
                fault: "describes a router that reads behind \(known.layer.map { "layer \($0)" } ?? "the exit"), and "
                    + "routers read behind layer \(exit.commonLayer) here; train one anew by train.router")
        }
        for (name, calibration) in known.calibration {
            guard let route = RoutePath(rawValue: name) else {
                throw ModelError.file(path: path, fault: "calibrates '\(name)', which is no path")
            }
            router.calibration[route] = calibration
        }
        return RoutingParts(exit: exit, router: router)
    }

    private static func fill(_ module: some Module, from path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw ModelError.file(path: path, fault: "is missing, and \(configurationFile) beside it speaks of it")
        }
        do throws(TensorError) {
            try module.load(Safetensors.read(path))
        } catch {
            throw ModelError.file(path: path, fault: "\(error)")
        }
    }
}
