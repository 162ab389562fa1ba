import ArgumentParser
import HoneTensor

/// The three matrix products of a linear layer, by every path that libtorch has: what the choice of kernels rests on.
struct KernelSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Linear layers: our kernels beside MKL and oneDNN, and in whole numbers beside fp32.",
        discussion: """
              hone-bench kernels --threads 2
              hone-bench kernels --quantized

            By --quantized, layers of a model of 125 million parameters with weights of 8 and 4 bits, which come from
            memory as in decoding, beside our own fp32.
            """)

    @Option(help: "Threads inside one operator.") var threads = 1
    @Option(help: "Runs per figure.") var runs = 7
    @Flag(help: "Layers in whole numbers, in the place of those in fp32.") var quantized = false
    @Flag(help: "One JSON object instead of a table.") var json = false

    /// Rows, inputs and outputs: layers of models of 0.3 to 5 million parameters, training and decoding.
    private static let shapes = [
        (2048, 128, 384), (2048, 128, 704), (2048, 352, 128), (4096, 192, 576), (4096, 256, 1408), (4096, 704, 256),
        (8192, 384, 1152), (1, 128, 384), (4, 192, 576), (16, 192, 576), (64, 256, 768), (256, 256, 1408),
    ]

    func validate() throws {
        for (name, value) in [("--threads", threads), ("--runs", runs)] where value < 1 {
            throw ValidationError("\(name) \(value): give a number from 1 up")
        }
    }

    func run() throws {
        Threads.set(intraOp: threads)
        if quantized {
            return try SuiteReport(suite: "kernels", rows: QuantizedMeasurement.all.flatMap(rows), absent: [])
                .show(asJSON: json)
        }
        let rows = Self.shapes.flatMap { shape in
            let measurement = LinearMeasurement(rows: shape.0, inputs: shape.1, outputs: shape.2)
            return LinearMeasurement.Product.allCases.flatMap { self.rows(measurement, $0) }
        }
        try SuiteReport(suite: "kernels", rows: rows, absent: []).show(asJSON: json)
    }

    private func rows(_ measurement: QuantizedMeasurement) -> [SuiteReport.Row] {
        let speeds = measurement.speeds(runs: runs)
        return speeds.quantized.map { precision, own in
            SuiteReport.Row(
                name: "\(measurement.rows) x \(measurement.inputs) x \(measurement.outputs) \(precision)",
                unit: "GMAC/s", sample: Sample(own),
                beside: SuiteReport.Beside(name: "own fp32", sample: Sample(speeds.full)))
        }
    }

    /// Our kernel beside each of the others; nothing where we have no kernel of our own.
    private func rows(_ measurement: LinearMeasurement, _ product: LinearMeasurement.Product) -> [SuiteReport.Row] {
        guard let own = measurement.speeds(product, .hone, runs: runs) else { return [] }
        let name = "\(measurement.rows) x \(measurement.inputs) x \(measurement.outputs) \(product.rawValue)"
        return LinearMeasurement.Path.allCases.dropFirst().compactMap { path in
            guard let other = measurement.speeds(product, path, runs: runs) else { return nil }
            return SuiteReport.Row(
                name: name, unit: "GMAC/s", sample: Sample(own),
                beside: SuiteReport.Beside(name: path.rawValue, sample: Sample(other)))
        }
    }
}
