import AsyncAlgorithms
import Foundation
import HonePipeline
import HonePostgres

/// Shows a run's stages as they go: a block drawn over and over on a terminal, otherwise a line for each change.
struct RunFollower: ~Copyable {
    private let isSilent: Bool
    private let start = ContinuousClock.now
    private var block = LiveBlock()
    private var lines: ProgressLine
    private var states: [String: String] = [:]

    init(isSilent: Bool) {
        self.isSilent = isSilent
        lines = ProgressLine(isSilent: isSilent)
    }

    /// Follows until all stages have ended; leaving off does nothing to the run.
    /// - Parameters:
    ///   - runID: the run.
    ///   - connection: where to look.
    ///   - onChange: called when a stage's state has changed.
    /// - Returns: The run at its end.
    /// - Throws: The database's error, or what `onChange` throws.
    mutating func follow(
        _ runID: Int64, on connection: PostgresConnection, onChange: (RunStatus) throws -> Void = { _ in }
    ) async throws -> RunStatus {
        var status = try await PipelineRuns.status(of: runID, in: connection)
        for await _ in AsyncTimerSequence(interval: .milliseconds(250), clock: .continuous) {
            let changed = status.stages.filter { states[$0.name] != $0.state }
            for stage in changed { states[stage.name] = stage.state }
            let isOver = status.stages.allSatisfy(\.isFinal)
            if !isOver, !changed.isEmpty { try onChange(status) }
            show(status, changed)
            if isOver { break }
            status = try await PipelineRuns.status(of: runID, in: connection)
        }
        return status
    }

    private mutating func show(_ status: RunStatus, _ changed: [StageStatus]) {
        if isSilent { return }
        if Console.isTerminal {
            block.show(status.lines + [bar(status)])
        } else {
            for stage in changed where stage.isFinal { lines.keep(stage.ending) }
            for stage in changed where stage.state == "running" { lines.keep("\(stage.name) started") }
            if let current = status.current { lines.show(current.current, fraction: current.share) }
        }
    }

    private func bar(_ status: RunStatus) -> String {
        guard let current = status.current else { return "" }
        return "[\(start.duration(to: .now).clockText)] " + (current.share.map { ProgressLine.bar($0) + " " } ?? "")
            + current.current
    }
}

extension RunStatus {
    /// The stage to watch: one that runs, else the next.
    fileprivate var current: StageStatus? {
        let going = stages.filter { !$0.isFinal }
        return going.first { $0.state == "running" } ?? going.first
    }
}
