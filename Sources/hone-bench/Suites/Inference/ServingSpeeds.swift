import HoneInference
import HoneModel
import HoneTensor

/// How fast one shape is served in one precision, at several numbers of rows.
struct ServingSpeeds {
    struct Speed {
        let batch: Int
        let decode: Sample
        let prefill: Sample
        /// What the machine could do.
        let limit: (decode: Double, prefill: Double)
    }

    let shape: ServedShape
    let precision: ServedPrecision
    private let speeds: [Speed]

    /// Measures; nil for a model that the row engine does not compute.
    init?(
        _ network: CausalLanguageModel, _ shape: ServedShape, _ precision: ServedPrecision, batches: [Int], prompt: Int,
        new: Int, cache: CachePrecision, runs: Int, device: Device
    ) throws {
        guard let model = try PreparedModel(network, precision.plan(for: network.configuration))?.on(device) else {
            return nil
        }
        let limits = try MachineLimits(precision, device: device)
        self.shape = shape
        self.precision = precision
        speeds = batches.map { batch in
            let measurement = GenerationMeasurement(
                model: model, batch: batch, promptLength: prompt, newCount: new, entry: cache.entry)
            _ = measurement.run()
            let found = (0..<runs).map { _ in measurement.run() }
            return Speed(
                batch: batch, decode: Sample(found.map(\.decodeSpeed)), prefill: Sample(found.map(\.prefillSpeed)),
                limit: (
                    limits.decodeSpeed(model, batch: batch, length: prompt + new / 2, entry: cache.entry),
                    limits.prefillSpeed(model, length: prompt)
                ))
        }
    }

    /// Beside the machine's limit.
    var rows: [SuiteReport.Row] {
        speeds.flatMap { speed in
            row(speed, beside: "machine's limit", Sample([speed.limit.decode]), Sample([speed.limit.prefill]))
        }
    }

    /// Beside another engine at the same numbers of rows.
    func rows(beside peer: GenerationPeers.Peer, _ found: [GenerationPeers.Speed]) -> [SuiteReport.Row] {
        zip(speeds, found).flatMap { speed, other in
            row(speed, beside: peer.name, Sample([other.decode]), Sample([other.prefill]))
        }
    }

    /// Beside Hone's own speeds in another precision.
    func rows(beside other: ServingSpeeds) -> [SuiteReport.Row] {
        zip(speeds, other.speeds).flatMap { speed, beside in
            row(speed, beside: "own \(other.precision.rawValue)", beside.decode, beside.prefill)
        }
    }

    private func row(_ speed: Speed, beside name: String, _ decode: Sample, _ prefill: Sample) -> [SuiteReport.Row] {
        [("decode", speed.decode, decode), ("prefill", speed.prefill, prefill)].map {
            SuiteReport.Row(
                name: "\($0) \(shape.rawValue) \(precision.rawValue), batch \(speed.batch)", unit: "tokens/s",
                sample: $1, beside: .init(name: name, sample: $2))
        }
    }
}
