import Foundation
import HoneDatasets
import HonePlots
import Subprocess

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A file that a figure is written to, in the format that its name says.
struct PictureFile {
    private enum Format: String {
        case svg, png
    }

    private let path: String
    private let format: Format
    /// Pixels of a PNG for each of the SVG's.
    private static let pngScale = "2"

    /// Nil where the name says neither.
    init?(path: String) {
        guard let format = Format(rawValue: URL(filePath: path).pathExtension.lowercased()) else { return nil }
        self.path = path
        self.format = format
    }

    func write(_ figure: Figure) async throws {
        let bytes =
            switch format {
            case .svg: Data(figure.svg().utf8)
            case .png: try await rasterized(figure.svg())
            }
        do {
            try bytes.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandError.fileUnwritable(path: path, reason: error.fileReason)
        }
    }

    private func rasterized(_ svg: String) async throws -> Data {
        do {
            let result = try await Subprocess.run(
                .name("rsvg-convert"), arguments: ["--format", "png", "--zoom", Self.pngScale], input: .string(svg),
                output: .bytes(limit: 1 << 28), error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else {
                let complaint = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
                throw CommandError.rasterizerFailed(reason: complaint.isEmpty ? "it was stopped" : complaint)
            }
            return Data(result.standardOutput)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw CommandError.rasterizerMissing(path: path)
        }
    }
}
