import FoundationEssentials
import Testing

@testable import ObjectStorage

/// The pure parts of HTTP.
@Suite struct HTTPValueTests {
    @Test(
        "Dates of header fields",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799), ("Fri, 31 Dec 2100 00:00:00 GMT", 4_133_894_400),
        ])
    func dates(text: String, seconds: Double) {
        #expect(HTTPDate.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test("What is no date", arguments: ["", "yesterday", "Sun Nov  6 08:49:37 1994", "Sun, 06 Foo 1994 08:49:37 GMT"])
    func noDates(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }

    @Test(
        "Retry-After is seconds or a date, never negative",
        arguments: [
            ("3", Duration.seconds(3)), ("-3", .zero), ("Thu, 01 Jan 1970 00:01:40 GMT", .seconds(90)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", .zero), ("999999999", .seconds(86_400)), ("soon", nil),
        ] as [(String, Duration?)])
    func retryAfter(text: String, pause: Duration?) {
        #expect(RetryAfter.parse(text, now: Date(timeIntervalSince1970: 10)) == pause)
    }

    @Test("A later status line starts the header anew; a header without end is refused")
    func responseHead() {
        var head = ResponseHead()
        for line in [
            "HTTP/1.1 100 Continue\r\n", "X: 1\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "ETag:  \"e\" \r\n", "\r\n",
        ] {
            let isTaken = head.receive(line)
            #expect(isTaken)
        }
        #expect(head.status == 200)
        #expect(head.headers["etag"] == "\"e\"")
        #expect(head.headers["x"] == nil)
        var endless = ResponseHead()
        let line = "X: " + String(repeating: "y", count: 1000) + "\r\n"
        let taken = (0..<200).map { _ in endless.receive(line) }
        #expect(taken.first == true && taken.last == false)
        var broken = ResponseHead()
        let isBrokenTaken = broken.receive("HTTP/1.1 abc\r\n")
        #expect(!isBrokenTaken)
    }

    @Test("A transfer stalls when it moves too little in the stall time, and may wait longer for the answer")
    func stalls() {
        let start = ContinuousClock.now
        var watch = StallWatch(timeouts: HTTPTimeouts(stall: .seconds(15), answer: .seconds(60)), now: start)
        let steps: [(moved: Int64, isWaiting: Bool, seconds: Int, expected: Duration?)] = [
            (0, false, 15, nil), (16_384, false, 15, nil), (20_000, false, 30, nil),
            (20_000, false, 31, .seconds(15)), (20_000, true, 31, nil), (20_000, true, 91, nil),
            (20_000, true, 92, .seconds(60)),
        ]
        for step in steps {
            let limit = watch.stalled(
                moved: step.moved, isWaiting: step.isWaiting, now: start + .seconds(step.seconds))
            #expect(limit == step.expected, "after \(step.seconds) s")
        }
    }

    @Test("Pauses grow to the cap, honour what the store asks for, and end")
    func pauses() {
        let policy = RetryPolicy(tries: 6, base: .milliseconds(200), cap: .seconds(1))
        let error = ObjectStorageError(.unavailable, "x")
        let pauses = (1...6).map { policy.pause(after: error, attempt: $0, chance: 1) }
        #expect(pauses == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1), .seconds(1), nil])
        #expect(policy.pause(after: error, attempt: 1, chance: 0) == .zero)
        let asked = ObjectStorageError(.throttled, "x", retryAfter: .seconds(5))
        #expect(policy.pause(after: asked, attempt: 1, chance: 0.5) == .milliseconds(5100))
        let long = ObjectStorageError(.throttled, "x", retryAfter: .seconds(6))
        #expect(policy.pause(after: long, attempt: 1, chance: 0) == nil)
        #expect(policy.pause(after: ObjectStorageError(.accessDenied, "x"), attempt: 1, chance: 0) == nil)
    }

    @Test(
        "ETags that are an MD5, and those that are not",
        arguments: [
            ([("ETag", "\"0123456789abcdef0123456789ABCDEF\"")], "0123456789abcdef0123456789abcdef"),
            ([("ETag", "\"0123456789abcdef0123456789abcdef-2\"")], nil), ([("ETag", "W/\"abc\"")], nil),
            ([("ETag", "\"0123456789abcdef0123456789abcdef\""), ("x-amz-server-side-encryption", "aws:kms")], nil),
            (
                [("ETag", "\"0123456789abcdef0123456789abcdef\""), ("x-amz-server-side-encryption", "AES256")],
                "0123456789abcdef0123456789abcdef"
            ),
        ] as [([(String, String)], String?)])
    func entityTags(fields: [(String, String)], md5: String?) throws {
        let tag = try #require(EntityTag(HTTPHeaders(fields.map { (name: $0.0, value: $0.1) })))
        #expect(tag.md5 == md5)
        #expect(!tag.value.contains("\""))
    }
}
