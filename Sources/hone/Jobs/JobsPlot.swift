import ArgumentParser
import Foundation
import HoneCatalog
import HonePlots
import HonePostgres

/// `hone jobs plot`: the curves of trainings as a picture.
struct JobsPlot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draws what trainings recorded, as SVG or PNG.",
        discussion: """
            EXAMPLES
              hone jobs plot 42 --out training.svg
              hone jobs plot 42 --name loss --smooth 100 --out loss.png
              hone jobs plot 41 42 43 --name loss --out comparison.svg

            Each metric has a chart of its own, in which the pale line is what was measured and the strong one its
            moving mean. A .png takes 'rsvg-convert' (Debian's librsvg2-bin); an .svg takes nothing.
            """)

    @Argument(help: "The jobs' ids.")
    var ids: [Int64]

    @Option(
        name: .customLong("name"),
        help: ArgumentHelp("Only this metric; may be given again.", valueName: "metric"))
    var names: [String] = []

    @Option(help: ArgumentHelp("The picture's file, .svg or .png.", valueName: "file"))
    var out: String

    @Option(help: ArgumentHelp("How many steps the moving mean is over; 1 draws none.", valueName: "steps"))
    var smooth = 20

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if PictureFile(path: out) == nil { throw ValidationError("--out \(out): the file must end with .svg or .png.") }
        if smooth < 1 { throw ValidationError("--smooth must be at least 1.") }
    }

    func run() async throws {
        let drawn = try await options.withDatabase { try await figure(from: $0) }
        try await PictureFile(path: out)?.write(drawn)
        try options.console.emit(WrittenFile(file: out), text: "wrote \(out)")
    }

    private func figure(from connection: PostgresConnection) async throws -> Figure {
        var order: [String] = []
        var curves: [(job: Int64, points: [String: [Point]])] = []
        for id in ids {
            let wanted = try await connection.recordedMetrics(of: id, wanted: names)
            order += wanted.filter { !order.contains($0) }
            var points: [String: [Point]] = [:]
            try await StepMetrics.read(of: id, names: Set(wanted), in: connection) { step in
                for (name, number) in step.numbers {
                    points[name, default: []].append(Point(Double(step.step), number))
                }
            }
            curves.append((id, points))
        }
        let charts = order.map { name in
            var chart = Chart(title: name, xLabel: "step")
            for (job, points) in curves {
                if let curve = points[name] { chart.addCurve(legend(job), curve, smoothedOver: smooth) }
            }
            return chart
        }
        return Figure(
            title: try await title(from: connection), charts: charts, columnCount: charts.count == 1 ? 1 : 2,
            chartSize: charts.count == 1 ? (760, 420) : (560, 320))
    }

    private func legend(_ job: Int64) -> String {
        if ids.count > 1 { return "job \(job)" }
        return smooth == 1 ? "measured" : "mean over \(smooth) steps"
    }

    private func title(from connection: PostgresConnection) async throws -> String {
        let rows = try await connection.query(
            "SELECT DISTINCT kind, run_id, stage FROM hone.job_status WHERE id = ANY (\(ids)) ORDER BY kind")
        let kinds = try rows.map { try $0.decode("kind", as: String.self) }
        let jobs = ids.map { "\($0)" }.joined(separator: ", ")
        let name = "\(Set(kinds).sorted().joined(separator: ", ")), job\(ids.count == 1 ? "" : "s") \(jobs)"
        guard ids.count == 1, let run = try rows[0].decode("run_id", as: Int64?.self) else { return name }
        return "\(name): stage \(try rows[0].decode("stage", as: String.self)) of run \(run)"
    }
}
