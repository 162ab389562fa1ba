import Foundation
import HonePostgres
import HoneTesting
import Testing

private enum Mood: String, PostgresEncodable, PostgresDecodable {
    case happy
    case grim
}

@Suite(.emptyDatabase) struct TypeTests {
    private let pool: PostgresPool

    init() throws {
        pool = try TemporaryDatabase.current.pool
    }

    /// Sends a value, has the server store it in a column of that type, and reads it back.
    private func roundTrip<Value: PostgresEncodable & PostgresDecodable>(
        _ value: Value, _ type: String
    ) async throws -> Value {
        try await pool.withTransaction { transaction in
            try await transaction.execute(script: "CREATE TEMPORARY TABLE t (v \(type)) ON COMMIT DROP", name: "t")
            try await transaction.execute("INSERT INTO t VALUES (\(value))")
            return try #require(await transaction.query("SELECT v FROM t").first).decode(Value.self)
        }
    }

    private func expectRoundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(
        _ values: [Value], as type: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for value in values {
            let back = try await roundTrip(value, type)
            #expect(back == value, sourceLocation: sourceLocation)
        }
        let optionals = values.map(Optional.some) + [nil]
        for value in optionals {
            let back = try await roundTrip(value, type)
            #expect(back == value, sourceLocation: sourceLocation)
        }
        for array in [values, []] {
            let back = try await roundTrip(array, type + "[]")
            #expect(back == array, sourceLocation: sourceLocation)
        }
        let back = try await roundTrip(optionals, type + "[]")
        #expect(back == optionals, sourceLocation: sourceLocation)
    }

    @Test func booleansAndIntegersComeBackAsTheyWent() async throws {
        try await expectRoundTrip([true, false], as: "boolean")
        try await expectRoundTrip([Int16.min, -1, 0, .max], as: "smallint")
        try await expectRoundTrip([Int32.min, -1, 0, .max], as: "integer")
        try await expectRoundTrip([Int64.min, -1, 0, .max], as: "bigint")
        try await expectRoundTrip([Int.min, -1, 0, .max], as: "bigint")
    }

    @Test func floatsComeBackBitForBit() async throws {
        let doubles = [0, -0.0, .pi, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, .infinity]
        try await expectRoundTrip(doubles, as: "double precision")
        try await expectRoundTrip(doubles.map { Float($0) }, as: "real")
        let negativeZero = try await roundTrip(-0.0, "double precision")
        #expect(negativeZero.sign == .minus)
        let notANumber = try await roundTrip(Double.nan, "double precision")
        #expect(notANumber.isNaN)
    }

    @Test func textBytesAndIdentifiersComeBackAsTheyWent() async throws {
        try await expectRoundTrip(["", "it's", "\\N\t\n\"{},", "Grüße 🐘", "'; DROP TABLE t; --"], as: "text")
        try await expectRoundTrip([Data(), Data([0, 1, 255, 92, 39])], as: "bytea")
        try await expectRoundTrip([UUID(), UUID()], as: "uuid")
    }

    @Test func timesComeBackToTheMicrosecond() async throws {
        let times = [0, 946_684_800, 1_700_000_000.123456, -12_345_678.5].map { Date(timeIntervalSince1970: $0) }
        for time in times {
            let back = try await roundTrip(time, "timestamptz")
            #expect(abs(back.timeIntervalSince(time)) < 1e-6)
        }
        let durations: [Duration] = [.zero, .microseconds(1), .milliseconds(-1500), .seconds(1_000_000)]
        try await expectRoundTrip(durations, as: "interval")
        let text = try await pool.query("SELECT \(Duration.milliseconds(90_500))::text, interval '1 day 1 second'")
        let (ninety, day) = try #require(text.first).decode(String.self, Duration.self)
        #expect(ninety == "00:01:30.5")
        #expect(day == .seconds(86_401))
    }

    @Test func jsonComesBackAsValues() async throws {
        struct Payload: Codable, Equatable { let prompt: String, level: Int? }
        let payload = Payload(prompt: "1 + 1 = \"?\"", level: nil)
        let json = try await roundTrip(PostgresJSON(encoding: payload), "jsonb")
        #expect(try json.decode(Payload.self) == payload)
        let texts = try await roundTrip([PostgresJSON(text: "{}"), PostgresJSON(text: "[1, null]")], "jsonb[]")
        #expect(texts.map(\.text) == ["{}", "[1, null]"])
    }

    @Test func anEnumIsItsRawValueInTextAndInAnEnumTypeOfTheServer() async throws {
        try await pool.execute("CREATE TYPE mood AS ENUM ('happy', 'grim', 'unheard-of')")
        try await expectRoundTrip([Mood.happy, .grim], as: "text")
        let back = try await roundTrip(Mood.grim, "mood")
        #expect(back == .grim)
        let strange = try await pool.query("SELECT 'unheard-of'::mood")
        let error = #expect(throws: PostgresError.self) { try strange[0].decode(Mood.self) }
        #expect("\(String(describing: error))".contains("unheard-of"))
    }

    @Test(arguments: [
        "0", "1", "-1", "0.1", "-0.00012", "9999", "10000", "10001.0001", "123456789012345678901234567890.123",
        "1000000000000", "0.000000000000001", "NaN", "-42.50",
    ]) func numericReadsAsItsTextAndAsANumber(_ text: String) async throws {
        let rows = try await pool.query("SELECT \(text)::numeric, \(text)::numeric")
        let (string, double) = try #require(rows.first).decode(String.self, Double.self)
        #expect(string == text)
        let expected = try #require(Double(text))
        #expect(double == expected || (double.isNaN && expected.isNaN))
    }

    @Test func aSumOfIntegersReadsAsAnInteger() async throws {
        let rows = try await pool.query("SELECT sum(i::bigint), sum(i::bigint) / 3 FROM generate_series(1, 100000) i")
        #expect(try rows[0].decode(Int.self) == 5_000_050_000)
        #expect(throws: PostgresError.self) { try rows[0].decode(Int.self, Int.self) }
    }

    @Test func aValueThatDoesNotFitIsAnErrorWithItsPlace() async throws {
        let row = try await pool.query("SELECT 70000 AS big, NULL::int AS nothing, 'x' AS word")[0]
        let wrong: [(String, any Error)] = try [
            ("big", #require(throws: PostgresError.self) { try row.decode("big", as: Int16.self) }),
            ("nothing", #require(throws: PostgresError.self) { try row.decode("nothing", as: Int.self) }),
            ("word", #require(throws: PostgresError.self) { try row.decode("word", as: Int.self) }),
            ("absent", #require(throws: PostgresError.self) { try row.decode("absent", as: Int.self) }),
        ]
        for (column, error) in wrong {
            guard case PostgresError.decoding(let detail) = error else {
                Issue.record("unexpected error \(error)")
                continue
            }
            #expect(detail.column == column)
            #expect(detail.query.hasPrefix("SELECT 70000"))
        }
    }
}
