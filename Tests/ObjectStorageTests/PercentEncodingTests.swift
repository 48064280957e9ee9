import Testing

@testable import ObjectStorage

@Suite struct PercentEncodingTests {
    @Test(
        "Only unreserved characters stay as they are",
        arguments: [
            ("az09-._~", "az09-._~"), ("a b", "a%20b"), ("a+b=c", "a%2Bb%3Dc"), ("%", "%25"), ("é", "%C3%A9"),
            ("🎧", "%F0%9F%8E%A7"), ("a/b", "a%2Fb"), ("\u{0}\u{7f}", "%00%7F"),
        ])
    func encodes(text: String, expected: String) {
        #expect(PercentEncoding.encode(text) == expected)
        #expect(PercentEncoding.decode(expected) == text)
    }

    @Test("Slashes stay in a path")
    func keepsSlashes() {
        #expect(PercentEncoding.encode("/a b//c", keepingSlashes: true) == "/a%20b//c")
    }

    @Test(
        "Damaged escapes and text that is not UTF-8 do not decode", arguments: ["%", "%2", "%zz", "a%2", "%FF", "%C3"])
    func refusesDamage(text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }

    @Test("A plus is a space only where form encoding wrote it")
    func decodesPlus() {
        #expect(PercentEncoding.decode("a+b%2Bc", plusIsSpace: true) == "a b+c")
        #expect(PercentEncoding.decode("a+b%2Bc") == "a+b+c")
    }
}
