import Foundation
import HoneTensor
import Testing

@testable import HoneModel

@Suite struct RoutingPartsTests {
    private static let shape = ModelConfiguration(
        vocabularySize: 40, hiddenSize: 16, intermediateSize: 32, layerCount: 4, headCount: 2, maxPositionCount: 64,
        initializerRange: 0.3)

    private func model() -> CausalLanguageModel {
        CausalLanguageModel(Self.shape, generator: Generator(seed: 3))
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/hone-routing-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: directory) } }
        try body(directory)
    }

    @Test(arguments: 1...3) func theShallowViewIsWhatOnePassHasBehindItsLayer(layer: Int) throws {
        let model = model()
        let exit = try EarlyExit(after: layer, of: model)
        let view = model.shallow(exit)
        #expect(view.configuration.layerCount == layer)
        let line = TokenLine([[1, 2, 3, 4], [5, 6], [7]])
        let places = Tensor([3, 5, 6])
        let (early, last) = noGrad { model.hiddenStates(line, at: places, behind: exit) }
        let own = noGrad { view.logits(view.hiddenStates(line, at: places)) }
        let here = noGrad { exit.logits(early) }
        #expect(distance(own, here) < 1e-6)
        let whole = noGrad { model.hiddenStates(line, at: places) }
        #expect(last.equals(whole))
    }

    @Test(arguments: [0, 4, -1, 9]) func anExitOutsideTheNetworkIsRefused(layer: Int) {
        let error = #expect(throws: ModelError.self) { try EarlyExit(after: layer, of: model()) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("'exit_layer' is \(layer), and an exit of 4 layers lies"))
    }

    @Test func whatWasWrittenIsReadAgain() throws {
        let model = model()
        var router = Router(
            hiddenSize: 16, width: 8, paths: [.shallow, .deep], searchCount: 5, generator: Generator(seed: 1))
        router.calibration[.shallow] = RouteCalibration(slope: 2, intercept: -0.5)
        let parts = RoutingParts(exit: try EarlyExit(after: 2, of: model), router: router)
        let features = model.routingFeatures(TokenLine([[1, 2, 3]]), parts.exit)
        try withDirectory { directory in
            #expect(try RoutingParts.read(directory: directory, for: Self.shape) == nil)
            try parts.save(directory: directory)
            let read = try #require(try RoutingParts.read(directory: directory, for: Self.shape))
            #expect(read.exit.layer == 2)
            let again = try #require(read.router)
            #expect(again.paths == [.shallow, .deep] && again.searchCount == 5)
            #expect(again.successes(features) == router.successes(features))
            #expect(again.successes(features)[0].keys.sorted { $0.rawValue < $1.rawValue } == [.deep, .shallow])
        }
    }

    @Test func whatDoesNotFitIsOneClearError() throws {
        let parts = RoutingParts(exit: try EarlyExit(after: 2, of: model()))
        func fault(_ body: (String) throws -> Void, _ shape: ModelConfiguration = Self.shape) throws -> String {
            var text = ""
            try withDirectory { directory in
                try parts.save(directory: directory)
                try body(directory)
                let error = #expect(throws: ModelError.self) {
                    try RoutingParts.read(directory: directory, for: shape)
                }
                text = error.map { "\($0)" } ?? ""
            }
            return text
        }
        func write(_ text: String) -> (String) throws -> Void {
            { try Data(text.utf8).write(to: URL(filePath: $0 + "/routing.json")) }
        }
        #expect(
            try fault { try FileManager.default.removeItem(atPath: $0 + "/early_exit.safetensors") }
                .contains("early_exit.safetensors: is missing, and routing.json beside it speaks of it"))
        #expect(try fault(write(#"{"exit_layer": 4}"#)).contains("'exit_layer' is 4, and an exit of 4 layers"))
        #expect(try fault(write(#"{"exit": 4}"#)).contains("lacks the field 'exit_layer'"))
        let router = #"{"exit_layer": 2, "router": {"width": 0, "paths": [], "search_samples": 1, "calibration": {}}}"#
        #expect(try fault(write(router)).contains("a router of no size"))
        let known = #"{"exit_layer": 2, "router": {"width": 4, "paths": ["deep"], "search_samples": 1,"#
        #expect(try fault(write(known + #""calibration": {}}}"#)).contains("router.safetensors: is missing"))
        let made = Router(
            hiddenSize: 16, width: 8, paths: [.deep], searchCount: 2, generator: Generator(seed: 1))
        #expect(
            try fault { directory in
                try RoutingParts(exit: parts.exit, router: made).save(directory: directory)
                let path = directory + "/routing.json"
                let text = try String(contentsOfFile: path, encoding: .utf8)
                try write(text.replacing("\"layer\" : 1", with: "\"layer\" : 2"))(directory)
            }.contains("reads behind layer 2, and routers read behind layer 1 here; train one anew"))
        var wider = Self.shape
        wider.vocabularySize = 41
        #expect(try fault({ _ in }, wider).contains("head.weight"))
    }

    @Test func aPromptsFeaturesHaveTheSameBitsBesideOthers() throws {
        try #require(Torch.computesTokensAlike)
        let model = model()
        let exit = try EarlyExit(after: 2, of: model)
        let prompts: [[Int32]] = [[1, 2, 3, 4, 5], [6], [7, 8, 9], [10, 11]]
        let together = model.routingFeatures(TokenLine(prompts), exit)
        for (row, prompt) in prompts.enumerated() {
            #expect(model.routingFeatures(TokenLine([prompt]), exit)[0].equals(together[row]))
        }
    }

    @Test func thePathIsTheLeastErrorAndCost() {
        let costs = RouteCosts(exitLayer: 2, layerCount: 4, searchCount: 8)
        let chances: [RoutePath: Double] = [.shallow: 0.5, .deep: 0.7, .search: 0.8]
        #expect(costs.best(chances, weight: 0) == .search)
        #expect(costs.best(chances, weight: 0.1) == .deep)
        #expect(costs.best(chances, weight: 0.5) == .shallow)
        #expect(costs.best([.shallow: 1, .deep: 1], weight: 0) == .shallow, "of equals the cheapest")
    }
}
