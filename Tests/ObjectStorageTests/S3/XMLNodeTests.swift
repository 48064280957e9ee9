import Testing

@testable import ObjectStorage

@Suite struct XMLNodeTests {
    @Test("Documents as stores write them")
    func parses() throws {
        let text = """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- made by a store -->
            <s3:Error xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" >
              <Code>NoSuchKey</Code><Empty/><Message>a &amp; b &lt;c&gt; &#34;&#x1F3A7;&quot;&apos;</Message>
              <Data><![CDATA[<raw & text>]]></Data><!-- end -->
            </s3:Error>

            """
        let root = try #require(XMLNode(parsing: Array(text.utf8)))
        #expect(root.name == "Error")
        #expect(root["Code"]?.text == "NoSuchKey")
        #expect(root["Empty"]?.text == "")
        #expect(root["Message"]?.text == "a & b <c> \"🎧\"'")
        #expect(root["Data"]?.text == "<raw & text>")
        #expect(root["Absent"] == nil)
    }

    @Test(
        "What is not well-formed is nothing",
        arguments: [
            "", " ", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a>&#xD800;</a>",
            "<a>&amp</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a", "<>", "</a>", "<a><!-- </a>",
            "<a><![CDATA[</a>", "<?xml", "<1/>",
            String(repeating: "<a>", count: 17) + String(repeating: "</a>", count: 17),
        ])
    func refuses(text: String) {
        #expect(XMLNode(parsing: Array(text.utf8)) == nil)
    }

    @Test("Accents that combine with a tag's end are text")
    func combiningAccents() {
        #expect(XMLNode(parsing: Array("<a>\u{301}x\u{301}</a>".utf8))?.text == "\u{301}x\u{301}")
    }

    @Test("Bytes that are not UTF-8 are nothing")
    func notUTF8() {
        #expect(XMLNode(parsing: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) == nil)
    }

    @Test("Every document cut short is refused, and none crashes")
    func cutShort() {
        let document = Array("<?xml version='1.0'?><Error><Code>A&amp;&#233;</Code><x y='z'/></Error>".utf8)
        #expect(XMLNode(parsing: document) != nil)
        for length in 0..<document.count { #expect(XMLNode(parsing: Array(document[..<length])) == nil) }
    }
}
