import HonePostgres
import HoneTesting
import Testing

@Suite struct SchemaCommandTests {
    @Test func anEmptyDatabaseIsMigratedOnce() async throws {
        try await withTemporaryDatabase(isMigrated: false) { database in
            try await HoneProgram.run("jobs", "list", database: database.url).expectFailure(saying: "hone migrate")
            #expect(try await HoneProgram.run("migrate", database: database.url).output.contains("0001_queue"))
            #expect(try await HoneProgram.run("migrate", database: database.url).output.contains("up to date"))
            #expect(try await HoneProgram.run("jobs", "list", database: database.url).status == 0)
        }
    }

    @Test(arguments: [["migrate"], ["migrate", "--status"], ["jobs", "list"], ["enqueue", "noop"]])
    func aSchemaNewerThanTheProgramIsRefused(_ words: [String]) async throws {
        try await withTemporaryDatabase { database in
            try await database.pool.execute(
                "INSERT INTO hone.migrations (version, name, checksum) VALUES (9999, '9999_future', 'x')")
            try await HoneProgram.run(words: words, database: database.url).expectFailure(
                saying: "9999_future", "newer")
        }
    }

    @Test func theDoctorFindsAMigratedDatabaseHealthy() async throws {
        try await withTemporaryDatabase { database in
            let report = try await HoneProgram.run("doctor", "--json", database: database.url)
            let findings = try report.rows(Finding.self)
            for name in ["PostgreSQL server", "migrations", "roles", "LISTEN and NOTIFY"] {
                let finding = try #require(findings.first { $0.check == name })
                // The test server runs without fsync, which the doctor must not let pass.
                #expect(finding.verdict == (name == "PostgreSQL server" ? "fail" : "ok"), "\(finding)")
            }
        }
    }
}

private struct Finding: Decodable {
    let check: String
    let verdict: String
    let detail: String
}
