import Foundation
public import HoneDatasets
public import HonePipeline

/// Reads the payloads of a pipeline's stages as their handlers will, before any of them runs: a misspelt option of the
/// last stage is found in a second and not after hours.
public enum StageCheck {
    /// - Parameters:
    ///   - definition: the pipeline
    ///   - params: what the run is given, over the pipeline's defaults
    /// - Throws: `WorkerError.stage`, naming the stage and the option. What depends on values that other stages return
    ///   is let pass.
    public static func check(_ definition: PipelineDefinition, params: [String: JSONValue]) throws(WorkerError) {
        let values = definition.params.merging(params) { $1 }
        for stage in definition.stages {
            guard let kind = payloads[stage.kind] else { continue }
            do {
                try check(ForeseenPayload(of: stage, params: values), as: kind)
            } catch {
                throw .stage(name: stage.name, fault: "\(error)")
            }
        }
    }

    /// What the kinds of this program read; the queue knows others, which other programs take.
    private static let payloads: [String: any JobPayload.Type] = [
        AnnotateHandler.kind: AnnotatePayload.self, ArrivalsHandler.kind: ArrivalsPayload.self,
        EvaluateHandler.kind: EvaluatePayload.self, FreezeHandler.kind: FreezePayload.self,
        GateHandler.kind: GatePayload.self, IngestHandler.kind: IngestPayload.self,
        NoopHandler.kind: NoopPayload.self, PromoteHandler.kind: PromotePayload.self,
        QuantizeHandler.kind: QuantizePayload.self, ReasonHandler.kind: ReasonPayload.self,
        SampleHandler.kind: SamplePayload.self, TrainDPOHandler.kind: TrainDPOPayload.self,
        TrainPPOHandler.kind: TrainPPOPayload.self, TrainRewardHandler.kind: TrainRewardPayload.self,
        TrainRouterHandler.kind: TrainRouterPayload.self, TrainSFTHandler.kind: TrainSFTPayload.self,
    ]

    /// Tries one stand-in after the other at the places that are open, until the payload is read or what is wrong with
    /// it has nothing to do with them.
    private static func check(_ payload: ForeseenPayload, as kind: any JobPayload.Type) throws(WorkerError) {
        var payload = payload
        var left = Dictionary(uniqueKeysWithValues: payload.open.map { ($0, standIns) })
        while true {
            do {
                try kind.read(payload.value)
                return
            } catch .payload(let key?, let fault) {
                guard let place = payload.open.first(where: { isAbout($0, key, fault) }) else {
                    throw .payload(key: key, fault: fault)
                }
                guard let next = left[place]?.popLast() else { return }
                payload.put(next, at: place)
            } catch {
                throw error
            }
        }
    }

    /// Settings of a training are named alone, inside of `configuration`.
    private static func isAbout(_ place: String, _ key: String, _ fault: String) -> Bool {
        key == place || key.hasPrefix("\(place).") || fault.contains("\"\(place.split(separator: ".").last ?? "")\"")
    }

    /// One of every type, the last first.
    private static let standIns: [JSONValue] = [
        .object([:]), .array([]), .array([.integer(1)]), .bool(true), .number(0.5), .integer(1),
    ]
}

extension JobPayload {
    fileprivate static func read(_ value: JSONValue) throws(WorkerError) {
        let data: Data
        do {
            data = try JSONEncoder().encode(value)
        } catch {
            throw .payload(key: nil, fault: "\(error)")
        }
        _ = try Self(json: data)
    }
}
