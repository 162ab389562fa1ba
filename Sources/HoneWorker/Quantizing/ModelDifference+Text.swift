import Foundation
import HoneEvaluation
import HoneModel
import HoneTensor

extension ModelDifference {
    /// The report for people.
    public var text: String {
        var lines = [row("size", byteCount, unit: "bytes", digits: 0)]
        let names = ["decode_1": "decode, 1 row", "decode_16": "decode, 16 rows", "decode_64": "decode, 64 rows"]
        for (name, speed) in speeds.sorted(by: { order($0.key) < order($1.key) }) {
            lines.append(row(names[name] ?? name, speed, unit: "tokens/s", digits: 0))
        }
        if let perplexity { lines.append(row("perplexity", perplexity, unit: "of reference solutions", digits: 4)) }
        if let accuracy {
            let right = Pair(parent: 100 * accuracy.baseline.value, child: 100 * accuracy.candidate.value)
            lines.append(row("right answers", right, unit: "% of \(accuracy.count)", digits: 2))
            let interval = [accuracy.difference, accuracy.lower, accuracy.upper].map {
                (100 * $0).formatted(.number.precision(.fractionLength(2)).sign(strategy: .always()))
            }
            lines.append(
                "  difference \(interval[0]) points (95 %: \(interval[1]) to \(interval[2])), "
                    + "\(accuracy.gainedCount) gained and \(accuracy.lostCount) lost")
        }
        if let quantization {
            lines += plan(quantization)
            if quantization.cache == .int8 { lines.append("keys and values    in 8 bits where it is served") }
        }
        return lines.joined(separator: "\n")
    }

    private func order(_ name: String) -> Int { name.split(separator: "_").last.flatMap { Int($0) } ?? .max }

    private func row(_ name: String, _ pair: Pair, unit: String, digits: Int) -> String {
        func cell(_ value: Double) -> String {
            let text = value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
            return String(repeating: " ", count: max(0, 12 - text.count)) + text
        }
        return name.padding(toLength: 18, withPad: " ", startingAt: 0) + cell(pair.parent) + cell(pair.child)
            + "   x " + pair.ratio.formatted(.number.precision(.fractionLength(3))) + "   " + unit
    }

    /// Every layer's precision, with what the others would have cost where that was measured.
    private func plan(_ record: QuantizationRecord) -> [String] {
        let smoothed = record.smoothing.count
        let looked = record.calibration.map { ", looked at on \($0.tokenCount) tokens" } ?? ""
        guard !sensitivities.isEmpty else {
            return ["weights            \(record.plan.standard) in most layers; \(smoothed) layers smoothed\(looked)"]
        }
        let head = "layer".padding(toLength: 36, withPad: " ", startingAt: 0) + "bits   divergence at 16, 8, 4 bits"
        let rows = sensitivities.map { layer in
            let isEmbedding = layer.path == "model.embed_tokens"
            let precision = isEmbedding ? record.embedding : record.plan[layer.path]
            let costs = [LayerPrecision.bfloat16, .int8, .int4].map { wanted in
                layer.options.first { $0.precision == wanted }.map { String(format: "%.2e", $0.divergence) } ?? "-"
            }
            return layer.path.padding(toLength: 36, withPad: " ", startingAt: 0)
                + "\(precision.rawValue)".padding(toLength: 7, withPad: " ", startingAt: 0)
                + costs.joined(separator: "  ")
        }
        return ["\(smoothed) layers smoothed\(looked)", head] + rows
    }
}
