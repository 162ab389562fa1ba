import Foundation
public import HoneCatalog
import HoneDatasets
public import HonePostgres

/// What a quantization looks at and what it is measured on.
public struct QuantizationData: Sendable {
    let calibrating: [CutExample]
    let measured: [CutExample]
    /// Where the first came from, in words.
    let origin: String?
    /// What they were drawn from; empty for a file.
    let cuts: [DataCut]

    /// Weights are rounded as they are, and only size and speed are measured.
    public static let nothing = QuantizationData(calibrating: [], measured: [], origin: nil, cuts: [])

    private init(calibrating: [CutExample], measured: [CutExample], origin: String?, cuts: [DataCut]) {
        self.calibrating = calibrating
        self.measured = measured
        self.origin = origin
        self.cuts = cuts
    }

    /// Examples that are at hand.
    public init(calibrating: [CutExample], measured: [CutExample], origin: String) {
        self.init(calibrating: calibrating, measured: measured, origin: origin, cuts: [])
    }

    /// The same without what is measured on.
    public var withoutMeasured: QuantizationData {
        QuantizationData(calibrating: calibrating, measured: [], origin: origin, cuts: cuts)
    }

    /// The earliest examples of two splits of a dataset.
    public init(
        dataset: String, split: String = "train", measuredSplit: String = "test", _ settings: QuantizationSettings,
        from session: any PostgresSession
    ) async throws {
        try await self.init(
            cuts: [
                .take(dataset: dataset, split: split, from: session),
                .take(dataset: dataset, split: measuredSplit, from: session),
            ], settings, from: session)
    }

    /// As they were taken, by an earlier attempt.
    init(cuts: [DataCut], _ settings: QuantizationSettings, from session: any PostgresSession) async throws {
        self.init(
            calibrating: try await cuts[0].examples(CutSelection(limit: settings.calibrationCount), from: session),
            measured: try await cuts[1].examples(CutSelection(limit: settings.measuredCount), from: session),
            origin: "dataset \(cuts[0].dataset), split \(cuts[0].split), SHA-256 \(cuts[0].sha256)", cuts: cuts)
    }

    /// The earliest examples of a dataset's split, to be measured on alone.
    public init(measuring dataset: String, split: String, limit: Int, from session: any PostgresSession) async throws {
        let cut = try await DataCut.take(dataset: dataset, split: split, from: session)
        self.init(
            calibrating: [], measured: try await cut.examples(CutSelection(limit: limit), from: session), origin: nil,
            cuts: [cut])
    }

    /// The first examples of a file, to be measured on alone.
    public init(measuring file: String, limit: Int) throws {
        self.init(calibrating: [], measured: try Self.read([file], limit: limit), origin: nil, cuts: [])
    }

    /// The first examples of files, and those that follow them; in one of the formats that `hone ingest` reads.
    public init(files: [String], _ settings: QuantizationSettings) throws {
        let examples = try Self.read(files, limit: settings.calibrationCount + settings.measuredCount)
        self.init(
            calibrating: Array(examples.prefix(settings.calibrationCount)),
            measured: Array(examples.dropFirst(settings.calibrationCount)), origin: files.joined(separator: ", "),
            cuts: [])
    }

    private static func read(_ files: [String], limit: Int) throws -> [CutExample] {
        var examples: [CutExample] = []
        for file in files {
            var reader = try ExampleReader(file: URL(filePath: file))
            while examples.count < limit, let example = try reader.next() {
                examples.append(
                    CutExample(
                        id: Int64(examples.count), prompt: example.prompt, answer: example.answer,
                        steps: example.steps, level: example.level))
            }
        }
        return examples
    }
}
