import ArgumentParser
import HoneEmbedded
import HonePostgres

/// `hone doctor`: each requirement checked, and the mend named where one is not met.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the set-up and names the mend for what is wrong.",
        discussion: """
            EXAMPLES
              hone doctor
              hone doctor --json | jq 'select(.verdict != "ok")'

            Exit status 1 if a check fails; a warning leaves it 0.
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var isHealthy = true
        for check in machineChecks {
            isHealthy = try report(await check()) && isHealthy
        }
        isHealthy = try await reportDatabase() && isHealthy
        if !isHealthy { throw ExitCode.failure }
    }

    private var machineChecks: [() async -> Finding] {
        [
            MachineChecks.toolchain, MachineChecks.worker, MachineChecks.http,
            MachineChecks.cores, EmbeddedChecks.directory, EmbeddedChecks.space,
        ]
    }

    /// Prints a finding; returns whether it is bearable.
    private func report(_ finding: Finding) throws -> Bool {
        try options.console.emit(finding, text: finding.text)
        return finding.verdict != .fail
    }

    /// A database that cannot be reached is one finding; the checks that need it are then left out.
    private func reportDatabase() async throws -> Bool {
        do {
            let url = try options.resolvedURL()
            return try await options.withDatabase(isChecked: false) { connection in
                var isHealthy = true
                for finding in await DatabaseChecks(connection: connection, url: url).all() {
                    isHealthy = try report(finding) && isHealthy
                }
                return isHealthy
            }
        } catch let error as ExitCode {
            throw error
        } catch {
            return try report(
                .fail(
                    "database", "\(Sentence(error))",
                    mend: "start a private one with 'hone dev', or set HONE_DATABASE_URL to one that runs"))
        }
    }
}
