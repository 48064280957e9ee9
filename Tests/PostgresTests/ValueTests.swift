import Foundation
import Postgres
import TestSupport
import Testing

/// Values go to the server and come back; the server itself says what it understood.
struct ValueTests {
    private func connection() async throws -> PostgresConnection { try await TestDatabase.make().connect() }

    @Test func nastyTextComesBackUnchanged() async throws {
        let connection = try await connection()
        let texts = [
            "", " ", "'", "\"", "\\", "\\'; DROP TABLE x; --", "$1", "%s", "NULL", "a\r\nb\tc", "\u{1}\u{7F}",
            "Zoë ❤️ 🏳️‍🌈 日本語",
            "e\u{301}", "\u{10FFFF}", "\u{FEFF}BOM", String(repeating: "ü", count: 500_000),
        ]
        for text in texts {
            let row = try await connection.query("SELECT \(text)::text AS t, octet_length(\(text)::text) AS n").single()
            #expect(try row.decode("t", as: String.self).utf8.elementsEqual(text.utf8))
            #expect(try row.decode("n") == text.utf8.count)
        }
        #expect(try await connection.query("SELECT \(texts) AS t").single().decode("t") == texts)
    }

    @Test func numbersBooleansAndIdentifiersComeBackUnchanged() async throws {
        let connection = try await connection()
        func roundTrip<T: PostgresEncodable & PostgresDecodable & Equatable>(_ value: T) async throws {
            let returned = try await connection.query("SELECT \(value) AS v").single().decode("v", as: T.self)
            #expect(returned == value)
        }
        for value in [0, 1, -1, .max, .min] { try await roundTrip(value) }
        for value in [Int32.max, .min] { try await roundTrip(value) }
        for value in [0.1, -0.0, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity] {
            try await roundTrip(value)
        }
        for value in [true, false] { try await roundTrip(value) }
        try await roundTrip(UUID())
        try await roundTrip(nil as Int?)
        try await roundTrip(nil as UUID?)
        #expect(try await connection.query("SELECT \(Double.nan)").single().decode(0, as: Double.self).isNaN)
    }

    @Test func arraysComeBackUnchanged() async throws {
        let connection = try await connection()
        func roundTrip<T: PostgresEncodable & PostgresDecodable & Equatable>(_ value: T) async throws {
            #expect(try await connection.query("SELECT \(value) AS v").single().decode("v", as: T.self) == value)
        }
        try await roundTrip([Int]())
        try await roundTrip([1, -2, .max])
        try await roundTrip([UUID(), UUID()])
        try await roundTrip([1, nil, 3] as [Int?])
        try await roundTrip([1.5, -.infinity])
        try await roundTrip([true, false])
        try await roundTrip([Date(timeIntervalSince1970: 1.5)])
        let texts = ["{}", ",", "\"", "\\", "NULL", "null", "", " a ", "{\"a\",b}"]
        #expect(try await connection.query("SELECT \(texts)::text[]").single().decode(0) == texts)
        #expect(try await connection.query("SELECT ARRAY['NULL', NULL, 'x']").single().decode(0) == ["NULL", nil, "x"])
    }

    @Test(
        arguments: [
            "SELECT ARRAY[1, NULL]", "SELECT ARRAY[[1, 2], [3, 4]]", "SELECT 'a,b'", "SELECT '[0:1]={1,2}'::int[]",
        ] as [SQL])
    func arraysOfAnotherShapeAreRefused(sql: SQL) async throws {
        let row = try await connection().query(sql).single()
        let error = #expect(throws: PostgresError.self) { try row.decode(0, as: [Int].self) }
        #expect(error?.kind == .decoding)
    }

    private enum JobState: String, PostgresEncodable, PostgresDecodable, PostgresArrayElement {
        case pending = "PENDING"
        case failed = "FAILED"
    }

    @Test func swiftEnumsFitPostgresEnumsAndTheirArrays() async throws {
        let connection = try await connection()
        try await connection.runScript(
            """
            CREATE TYPE job_state AS ENUM ('PENDING', 'FAILED', 'ODD');
            CREATE TABLE jobs (state job_state NOT NULL, note jsonb);
            """)
        try await connection.execute("INSERT INTO jobs VALUES (\(JobState.failed), \("{\"a\": 1}")), ('ODD', NULL)")
        let states = [JobState.pending, .failed]
        let rows = try await connection.query("SELECT state, note->>'a' AS a FROM jobs WHERE state = ANY(\(states))")
        #expect(try rows.single().decode("state") == JobState.failed)
        #expect(try rows.single().decode("a") == 1)
        let odd = try await connection.query("SELECT state FROM jobs WHERE note IS NULL").single()
        let error = #expect(throws: PostgresError.self) { try odd.decode("state", as: JobState.self) }
        #expect(error?.message.contains("\"state\"") == true)
        #expect(error?.message.contains("JobState") == true)
        #expect(error?.message.contains("ODD") == false)
    }

    @Test(arguments: [
        "1970-01-01 00:00:00.000000", "2026-02-28 23:59:59.999999", "2024-02-29 12:00:00.000001",
        "1900-03-01 00:00:00.5",
        "2000-12-31 23:59:59", "0001-01-01 00:00:00", "0044-03-15 12:00:00 BC", "12345-06-07 08:09:10.25",
        "1969-12-31 23:59:59.9",
    ])
    func instantsSurviveEveryTimeZoneToTheMicrosecond(text: String) async throws {
        let connection = try await connection()
        let utc = text.hasSuffix(" BC") ? text.dropLast(3) + "+00 BC" : text + "+00"
        for zone in ["UTC", "Europe/Vienna", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"] {
            try await connection.execute("SELECT set_config('TimeZone', \(zone), false)")
            let row = try await connection.query(
                "SELECT t, extract(epoch FROM t) AS seconds FROM (SELECT \(String(utc))::timestamptz AS t) AS given"
            ).single()
            let date = try row.decode("t", as: Date.self)
            #expect(abs(date.timeIntervalSince1970 - (try row.decode("seconds", as: Double.self))) < 0.000_06)
            let isSame = try await connection.query("SELECT \(date) = \(String(utc))::timestamptz").single()
            #expect(try isSame.decode(0, as: Bool.self), "\(text) in \(zone)")
        }
    }

    @Test func everyDayOfTwoCenturiesIsTheServersDay() async throws {
        let rows = try await connection().query(
            """
            SELECT day, extract(epoch FROM day)::bigint AS seconds
            FROM generate_series('1899-12-31+00'::timestamptz, '2100-03-02+00', '1 day') AS day
            """)
        #expect(rows.count > 73_000)
        for row in rows {
            #expect(try row.decode("day", as: Date.self).timeIntervalSince1970 == (try row.decode("seconds")))
        }
    }

    @Test(
        arguments: ["SELECT now()::timestamp", "SELECT 'infinity'::timestamptz", "SELECT current_date", "SELECT 'x'"]
            as [SQL])
    func whatNamesNoInstantIsNoDate(sql: SQL) async throws {
        let row = try await connection().query(sql).single()
        #expect(throws: PostgresError.self) { try row.decode(0, as: Date.self) }
    }

    @Test(arguments: [Double.nan, .infinity, 1e16, -1e12])
    func datesBeyondTimestamptzAreRefused(secondsSince1970: Double) {
        let date = Date(timeIntervalSince1970: secondsSince1970)
        let error = #expect(throws: PostgresError.self) { try date.postgresText() }
        #expect(error?.kind == .encoding)
    }

    @Test(arguments: [
        (Duration.zero, "0"), (.seconds(5), "5"), (.microseconds(-1), "-0.000001"), (.milliseconds(1500), "1.5"),
        (.seconds(-90_061), "-90061"), (.seconds(4_000_000_000), "4000000000"), (.nanoseconds(1_500), "0.000002"),
    ])
    func durationsAreIntervals(duration: Duration, seconds: String) async throws {
        let row = try await connection().query(
            "SELECT \(duration) AS v, extract(epoch FROM \(duration)) = \(unsafeRaw: seconds) AS is_same"
        ).single()
        #expect(try row.decode("is_same", as: Bool.self))
        let rounded = try row.decode("v", as: Duration.self)
        #expect(abs((rounded - duration) / .microseconds(1)) <= 0.5)
    }

    @Test(arguments: [
        ("1 day 02:03:04.5", Duration.seconds(93_784.5)), ("-1 days", .seconds(-86_400)),
        ("1 day -01:00", .seconds(82_800)),
    ])
    func intervalsOfDaysAreDurations(text: String, duration: Duration) async throws {
        let row = try await connection().query("SELECT \(text)::interval").single()
        #expect(try row.decode(0) == duration)
    }

    @Test func intervalsOfMonthsHaveNoLength() async throws {
        let row = try await connection().query("SELECT '1 mon 2 days'::interval, '1 year'::interval").single()
        #expect(throws: PostgresError.self) { try row.decode(0, as: Duration.self) }
        #expect(throws: PostgresError.self) { try row.decode(1, as: Duration.self) }
    }

    @Test func aDatabaseWithOtherDateAndIntervalStylesReadsTheSame() async throws {
        let database = try await TestDatabase.make()
        let administrator = try await database.connect()
        for setting in ["DateStyle = 'SQL, DMY'", "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Kathmandu'"] {
            try await administrator.execute("ALTER DATABASE \(identifier: database.name) SET \(unsafeRaw: setting)")
        }
        let row = try await database.connect().query("SELECT to_timestamp(86400.25), '1 day 00:00:01'::interval")
            .single()
        #expect(try row.decode(0) == Date(timeIntervalSince1970: 86_400.25))
        #expect(try row.decode(1) == Duration.seconds(86_401))
    }

    @Test func decodingErrorsNameColumnAndType() async throws {
        let rows = try await connection().query("SELECT NULL AS empty, 'secret' AS word, 1 AS \"Case\", 2 AS \"Case\"")
        let row = try rows.single()
        func message<T: PostgresDecodable>(_ column: String, _ type: T.Type) -> String? {
            #expect(throws: PostgresError.self) { try row.decode(column, as: type) }?.message
        }
        #expect(message("empty", Int.self) == "column \"empty\" is NULL and Int is not optional")
        #expect(message("word", Int.self) == "column \"word\" (type oid 25) holds no Int")
        #expect(message("case", Int.self) == "the result has no column \"case\", only Case, empty, word")
        #expect(try row.decode("Case") == 1)
        #expect(try row.decode("empty", as: Int?.self) == nil)
        #expect(throws: PostgresError.self) { try row.decode(4, as: Int.self) }
        #expect(throws: PostgresError.self) { try row.decode(-1, as: Int.self) }
    }

    @Test func rowsAreACollectionWithACount() async throws {
        let connection = try await connection()
        let rows = try await connection.query("SELECT n FROM generate_series(1, 5) AS n")
        #expect(try rows.map { try $0.decode("n", as: Int.self) } == [1, 2, 3, 4, 5])
        #expect(rows.affected == 5)
        #expect(try rows.last?.decode(0) == 5)
        #expect(throws: PostgresError.self) { try rows.single() }
        #expect(try await connection.query("SELECT 1 WHERE false").first == nil)
        #expect(try await connection.execute("CREATE TABLE t AS SELECT 1 AS a") == 1)
        #expect(try await connection.execute("UPDATE t SET a = a WHERE a > 1") == 0)
        #expect(try await connection.query("").isEmpty)
    }
}
