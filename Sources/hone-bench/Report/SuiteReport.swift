import Foundation

/// What a suite measured: rows with a median, the spread and what each is set beside.
struct SuiteReport: Encodable {
    struct Row: Encodable {
        let name: String
        let unit: String
        let sample: Sample
        /// The peer, or the physical limit, measured in the same minutes.
        let beside: Beside?

        /// This row over what stands beside it; nil beside nothing at all, over which no number says how often.
        var ratio: Double? {
            guard let beside, beside.sample.median != 0 else { return nil }
            return sample.median / beside.sample.median
        }

        private enum Keys: String, CodingKey {
            case name, unit, sample, beside, ratio
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(name, forKey: .name)
            try container.encode(unit, forKey: .unit)
            try container.encode(sample, forKey: .sample)
            try container.encodeIfPresent(beside, forKey: .beside)
            try container.encodeIfPresent(ratio, forKey: .ratio)
        }
    }

    struct Beside: Encodable {
        let name: String
        let sample: Sample
    }

    let suite: String
    let machine = Machine()
    let rows: [Row]
    /// What was not measured, and why.
    let absent: [String]

    func show(asJSON: Bool) throws {
        if asJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(self), as: UTF8.self))
        } else {
            for line in table { print(line) }
        }
    }

    private var table: [String] {
        let head = ["measured", "median", "spread", "unit", "beside", "median", "ratio"]
        let body = rows.map { row in
            [
                row.name, number(row.sample.median), spread(row.sample), row.unit, row.beside?.name ?? "",
                row.beside.map { number($0.sample.median) } ?? "", row.ratio.map { String(format: "%.2f", $0) } ?? "",
            ]
        }
        let widths = head.indices.map { column in ([head] + body).map { $0[column].count }.max() ?? 0 }
        let lines = ([head] + body).map { cells in
            zip(cells, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        }
        return ["\(suite) on \(machine.text)"] + lines + absent.map { "not measured: \($0)" }
    }

    private func number(_ value: Double) -> String {
        value.formatted(.number.precision(value < 100 ? .fractionLength(2) : .fractionLength(0)).grouping(.never))
    }

    private func spread(_ sample: Sample) -> String {
        "\(number(sample.range.lowerBound)) to \(number(sample.range.upperBound))"
    }
}

/// The computer that a figure speaks of.
struct Machine: Encodable {
    let processor: String
    let coreCount = ProcessInfo.processInfo.activeProcessorCount
    let memoryGiB = Int((Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824).rounded())

    init() {
        let information = FileManager.default.contents(atPath: "/proc/cpuinfo").map {
            String(decoding: $0, as: UTF8.self)
        }
        let line = information?.split(separator: "\n").first { $0.hasPrefix("model name") }
        processor = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
    }

    var text: String { "\(processor), \(coreCount) cores, \(memoryGiB) GiB" }
}
