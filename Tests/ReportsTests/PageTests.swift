import Foundation
import MediaContract
import Reports
import Testing

/// The HTML page, read by Python's parser.
@Suite("Pages")
struct PageTests {
    struct Read: Decodable {
        /// Elements that were opened, by name.
        var tags: [String: Int]
        /// Elements that were not closed in order.
        var unclosed: [String]
        /// All text outside style sheets.
        var text: String
        var title: String
        /// Attributes that may make a browser fetch something.
        var references: [String]
    }

    private static let reader = """
        import json, sys
        from html.parser import HTMLParser
        VOID = {"meta", "br", "hr", "img", "input", "link"}
        class Page(HTMLParser):
            def __init__(self):
                super().__init__()
                self.tags, self.stack, self.text, self.title, self.wrong, self.references = {}, [], [], "", [], []
            def handle_starttag(self, tag, attributes):
                self.tags[tag] = self.tags.get(tag, 0) + 1
                self.references += [v for k, v in attributes if k in ("src", "href", "srcset", "xlink:href", "data")]
                if tag not in VOID: self.stack.append(tag)
            def handle_startendtag(self, tag, attributes):
                self.handle_starttag(tag, attributes)
                if tag not in VOID: self.stack.pop()
            def handle_endtag(self, tag):
                if not self.stack or self.stack.pop() != tag: self.wrong.append(tag)
            def handle_data(self, data):
                if "style" in self.stack: return
                if "title" in self.stack: self.title += data
                self.text.append(data)
        page = Page()
        page.feed(sys.stdin.buffer.read().decode("utf-8"))
        json.dump(dict(tags=page.tags, unclosed=page.stack + page.wrong, text=" ".join("".join(page.text).split()),
                       title=page.title, references=page.references), sys.stdout)
        """

    private static func read(_ reports: [TrackReport]) async throws -> (html: String, page: Read) {
        let html = ReportPage(reports, generator: "lathe 9.9").html
        return (html, try await Foreign.python(reader, input: Array(html.utf8), as: Read.self))
    }

    private static let troubled = Example.report(file: "masters/b.wav") { _, analysis in
        analysis.channels[0].truePeak = 0.7
        analysis.clipping = ClippingMeasurement(
            runCount: 2, longestRun: 9,
            firstRuns: [SampleSpan(start: 441_000, count: 9), SampleSpan(start: 882_000, count: 3)])
        analysis.silence.leading = 11 * 44_100
    }

    @Test("are well formed, complete and say the findings first")
    func complete() async throws {
        let (html, page) = try await Self.read([Self.troubled])
        #expect(page.unclosed == [])
        #expect(page.tags["svg"] == 2)
        #expect(page.title == "b.wav – audio report")
        let text = page.text
        for part in [
            "The true peak".lowercased(), "true-peak-over-full-scale", "at 0:10.00, 0:20.00", "ITU-R BS.1770-4",
            "-14.0 LUFS", "masters/b.wav", String(repeating: "0f", count: 32), String(repeating: "ab", count: 32),
            "lathe 9.9",
        ] {
            #expect(text.lowercased().contains(part.lowercased()), "nothing of \(part)")
        }
        let first = try #require(text.range(of: "true-peak-over-full-scale"))
        let picture = try #require(text.range(of: "Waveform"))
        #expect(first.lowerBound < picture.lowerBound)
        #expect(html.contains("prefers-color-scheme:dark") && html.contains("@media print"))
    }

    @Test("ask nothing of any network and run no program")
    func selfContained() async throws {
        let (html, page) = try await Self.read([Self.troubled, Example.report()])
        #expect(page.references == ["#track-1", "#track-2"])
        for word in ["http:", "https:", "url(", "@import", "<script", "<link", "<img", "javascript:"] {
            #expect(!html.contains(word), "\(word)")
        }
    }

    @Test(
        "show names as they are, whatever they are",
        arguments: [
            "<script>alert(1)</script>.wav", "\"quoted\" & 'single'.wav", "</title></style></svg>.wav", "日本語 ü.flac",
            "&lt;already&gt;.wav", "--><!-- .wav",
        ])
    func escaping(_ name: String) async throws {
        let report = Example.report(file: name) { inspection, _ in inspection.warnings = ["a header says \(name)"] }
        let (_, page) = try await Self.read([report, report])
        #expect(page.unclosed == [])
        #expect(page.tags["script"] == nil)
        #expect(page.text.contains(report.name))
        #expect(page.text.contains("a header says \(name)"))
    }

    @Test("let no control character or change of direction through")
    func controls() async throws {
        let (html, _) = try await Self.read([Example.report(file: "a\u{1B}[31m\u{202E}vaw.exe\u{0}\u{2066}.wav")])
        let forbidden = html.unicodeScalars.filter { scalar in
            scalar.properties.generalCategory == .control && scalar != "\n" || scalar == "\u{202E}"
                || scalar == "\u{2066}"
        }
        #expect(forbidden.isEmpty)
    }

    @Test("of several tracks sum them up as one programme")
    func album() async throws {
        let quiet = Example.report(file: "quiet.wav") { _, analysis in analysis.loudness = Example.loudness(-24) }
        let (_, page) = try await Self.read([Example.report(file: "loud.wav"), quiet])
        // 600 blocks at −14 and 600 at −24: a mean of −16.6, so that the relative gate keeps both.
        #expect(page.text.contains("2 tracks, 2:00, -16.6 LUFS integrated"))
        #expect(page.tags["svg"] == 4)
        #expect(page.tags["h2"] == 2)
    }
}
