import Foundation
import Glibc
import Logging
import MediaContract
import MediaSandbox
import Subprocess
import SystemPackage
import Testing

/// Files made to read others', to take memory and time without end, or to break a parser: through `lathe-media`, which
/// dies of every system call it may not make, of 2 GiB of memory and of a minute of processor time.
@Suite("Hostile files end in an answer", .timeLimit(.minutes(5))) struct HostileFileTests {
    let folder: TemporaryFolder
    let sandbox: MediaSandbox

    init() throws {
        folder = try TemporaryFolder()
        let resources = ResourceLimits(
            addressSpace: 2 << 30, processorSeconds: 60, fileSize: 1 << 30, openFiles: 16)
        sandbox = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil),
            limits: MediaSandbox.Limits(total: .seconds(120), resources: resources), logger: Logger(label: "test"))
    }

    /// A hostile file under a name that a test report can show.
    struct Forgery: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }
    }

    private func inspect(_ bytes: [UInt8], as name: String = "master.wav") async throws -> AudioInspection {
        let path = folder.path.appending(name)
        try Data(bytes).write(to: URL(filePath: path.string))
        return try await inspect(path)
    }

    private func inspect(_ path: FilePath) async throws -> AudioInspection {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        return try await sandbox.inspectAudio(file)
    }

    private func refusal(of bytes: [UInt8]) async throws -> MediaFailure {
        let failure = try await #require(throws: MediaFailure.self) { try await inspect(bytes) }
        #expect(failure.isPermanent, "\(failure)")
        #expect(!failure.message.contains("\n"))
        return failure
    }

    // MARK: - Other files

    @Test(
        "A playlist or script is no audio, whatever its name",
        arguments: [
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile '/etc/passwd'\n",
            "\u{FEFF}#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:1\r\nhttp://127.0.0.1:1/a.ts\r\n",
        ], ["master.wav", "master.mp3", "master.m4a"])
    func playlist(_ text: String, _ name: String) async throws {
        let failure = await #expect(throws: MediaFailure.self) { try await inspect(Array(text.utf8), as: name) }
        #expect(failure?.kind == .unsupportedFormat)
    }

    /// The file referred to is a pipe nobody writes to: whoever opened it would wait, and end by SIGSYS before that.
    @Test("A QuickTime file that says its samples are in another file is refused, and the other is not opened")
    func reference() async throws {
        let pipe = folder.path.appending("elsewhere")
        #expect(unsafe mkfifo(pipe.string, 0o600) == 0)
        let path = try await encode(seconds: 2, as: "alac", to: "a.m4a")
        let file = try [UInt8](Data(contentsOf: URL(filePath: path.string)))
        // As it was made it is a good file, so that it is the reference that is refused.
        #expect(try await inspect(file).sampleFrames == 16_000)
        for reference in [MP4Forgery.Reference.alias(pipe.string), .address("file://\(pipe.string)")] {
            let forged = try #require(MP4Forgery.pointing(file, to: reference))
            let tag = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]
            for bytes in [forged, tag + forged] {
                let failure = try await refusal(of: bytes)
                #expect(failure.kind == .unsupportedFormat)
                #expect(failure.message.contains("in another file"), "\(failure.message)")
            }
            // Where the search for it gives up, the file is refused as well.
            let boxes = (0..<1000).flatMap { _ in MP4Forgery.box("free", []) }
            let size = forged[0..<4].reduce(0) { $0 << 8 | Int($1) }
            let buried = try await refusal(of: forged.prefix(size) + boxes + forged.dropFirst(size))
            #expect(buried.kind == .corrupt, "\(buried)")
        }
    }

    /// Silence at 8 kHz, by ffmpeg.
    private func encode(seconds: Int, as codec: String, to name: String) async throws -> FilePath {
        let path = folder.path.appending(name)
        let arguments = [
            "-v", "error", "-nostdin", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=\(seconds)", "-c:a", codec,
            path.string,
        ]
        let made = try await Subprocess.run(
            .name("ffmpeg"), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 4096))
        #expect(made.terminationStatus.isSuccess, "\(made.standardError)")
        return path
    }

    // MARK: - Bombs

    @Test(
        "Hours of silence in little room are counted",
        arguments: [("flac", "flac"), ("wv", "wavpack"), ("m4a", "alac")])
    func silence(_ suffix: String, _ codec: String) async throws {
        let seconds = 3 * 3600
        let path = try await encode(seconds: seconds, as: codec, to: "silence.\(suffix)")
        #expect(try await inspect(path).sampleFrames == Int64(seconds * 8000))
    }

    @Test("A cover of 50,000 × 50,000 pixels is refused before it is decoded")
    func cover() async throws {
        // Signature, IHDR of 8-bit RGB; what follows does not matter (PNG, 3rd edition, §11.2.1).
        let header = MP4Forgery.big(13, 4) + Array("IHDR".utf8) + MP4Forgery.big(50_000, 4) + MP4Forgery.big(50_000, 4)
        let bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + header + [8, 2, 0, 0, 0, 0, 0, 0, 0]
        let path = folder.path.appending("cover.png")
        try Data(bytes + [UInt8](repeating: 0, count: 4096)).write(to: URL(filePath: path.string))
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let failure = await #expect(throws: MediaFailure.self) { try await sandbox.inspectImage(file) }
        #expect(failure?.message.contains("50000 × 50000 pixels") == true, "\(String(describing: failure))")
    }
}

// MARK: - Structures and claims

extension HostileFileTests {
    private static func little(_ value: Int, _ length: Int) -> [UInt8] {
        MP4Forgery.big(value, length).reversed()
    }

    private static func wave(_ id: String, before: [UInt8], dataSize: Int) -> [UInt8] {
        Array(id.utf8) + little(0xFFFF_FFFF, 4) + Array("WAVE".utf8) + before + Array("fmt ".utf8) + little(16, 4)
            + little(1, 2) + little(1, 2) + little(8000, 4) + little(16_000, 4) + little(2, 2) + little(16, 2)
            + Array("data".utf8) + little(dataSize, 4) + [UInt8](repeating: 0, count: 4000)
    }

    private static let audio = [UInt8](repeating: 1, count: 16_000)

    /// 10⁹ seconds at 8 kHz, as far as a field can say it.
    static let claims: [Forgery] = {
        let bytes = 16_000 * 1_000_000_000
        let large = Array("ds64".utf8) + little(28, 4) + little(bytes + 100, 8) + little(bytes, 8) + little(0, 12)
        // 8,000 as an 80-bit number.
        let rate: [UInt8] = [0x40, 0x0B, 0xFA, 0, 0, 0, 0, 0, 0, 0]
        let aiff = [(0x7FFF_FFFF, 0x6000_0000), (0xFFFF_FFFF, 0x7FFF_FF00)].map { frames, size in
            Array("FORM".utf8) + MP4Forgery.big(0x7FFF_FFFF, 4) + Array("AIFFCOMM".utf8) + MP4Forgery.big(18, 4)
                + MP4Forgery.big(1, 2) + MP4Forgery.big(frames, 4) + MP4Forgery.big(16, 2) + rate
                + Array("SSND".utf8) + MP4Forgery.big(size, 4) + MP4Forgery.big(0, 8) + audio
        }
        return [
            Forgery("RF64", wave("RF64", before: large, dataSize: 0xFFFF_FFFF)),
            Forgery("WAV", wave("RIFF", before: [], dataSize: 0xF000_0000)),
            Forgery("AIFF", aiff[0]), Forgery("AIFF of as many samples as fit in 32 bits", aiff[1]),
        ]
    }()

    @Test("A header that declares 10⁹ seconds is found out", arguments: claims)
    func claim(_ forgery: Forgery) async throws {
        let failure = try await refusal(of: forgery.bytes)
        #expect([.corrupt, .unsupportedFormat].contains(failure.kind), "\(failure)")
    }

    @Test("A Monkey's Audio header of 10⁸ frames is found out")
    func frames() async throws {
        let fixture = FixtureTests.root.appending(path: "audio/ape-s16-44100-mono.ape")
        var bytes = try [UInt8](Data(contentsOf: fixture))
        // APE_DESCRIPTOR: its own length, and that of the seek table; APE_HEADER: how many frames.
        let header = Int(bytes[8]) | Int(bytes[9]) << 8
        bytes.replaceSubrange(16..<20, with: Self.little(400_000_000, 4))
        bytes.replaceSubrange(header + 12..<header + 16, with: Self.little(100_000_000, 4))
        let failure = try await refusal(of: bytes)
        #expect(failure.kind == .corrupt)
    }

    @Test("An MP4 that declares as long as it can is found out")
    func movieClaim() async throws {
        let path = try await encode(seconds: 2, as: "alac", to: "a.m4a")
        let file = try [UInt8](Data(contentsOf: URL(filePath: path.string)))
        let failure = try await refusal(of: #require(MP4Forgery.declaringTheLongest(file)))
        #expect([.corrupt, .unsupportedFormat].contains(failure.kind), "\(failure)")
    }

    static let structures: [Forgery] = {
        let nested = (0..<10_000).reduce([UInt8]()) { inner, depth in
            inner + MP4Forgery.big(8 * (10_000 - depth), 4) + Array((depth % 2 == 0 ? "moov" : "trak").utf8)
        }
        let zeros = (0..<10_000).flatMap { _ in MP4Forgery.big(0, 4) + Array("free".utf8) }
        let wide = (0..<10_000).flatMap { _ in MP4Forgery.big(1, 4) + Array("free".utf8) + MP4Forgery.big(0, 8) }
        let tracks = (0..<5000).flatMap { _ in MP4Forgery.track(samples: 8000, at: MP4Forgery.audioOffset) }
        return [
            Forgery("boxes in boxes, 10,000 deep", MP4Forgery.fileType + nested),
            Forgery("boxes that reach to the end", MP4Forgery.fileType + zeros),
            Forgery("boxes of no size", MP4Forgery.fileType + wide),
            Forgery("5,000 tracks", MP4Forgery.file(audio: audio, tracks: tracks, duration: 8000)),
            Forgery("100,000 ID3 tags", tags(100_000)),
            Forgery("an ID3 tag beyond the end", Array("ID3".utf8) + [3, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F] + audio),
            Forgery("5,000 Ogg streams", oggStreams(5000)),
        ]
    }()

    private static func tags(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { _ in Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 0] }
    }

    @Test("A compressed picture of 2 GiB by its own word costs a good MP3 nothing")
    func compressedPicture() async throws {
        // APIC with the flag "compressed" (ID3v2.3 §3.3.1).
        let frame =
            Array("APIC".utf8) + MP4Forgery.big(1000, 4) + [0, 0x80] + MP4Forgery.big(0x7FFF_FFFF, 4)
            + [UInt8](repeating: 0x78, count: 996)
        let tag = Array("ID3".utf8) + [3, 0, 0, 0, 0, UInt8(frame.count >> 7), UInt8(frame.count & 0x7F)]
        let path = try await encode(seconds: 2, as: "libmp3lame", to: "a.mp3")
        let good = try await inspect(path)
        let audio = try [UInt8](Data(contentsOf: URL(filePath: path.string)))
        // The good file begins with a tag of its own.
        let size = audio[6..<10].reduce(0) { $0 << 7 | Int($1) }
        let found = try await inspect(tag + frame + audio.dropFirst(10 + size))
        #expect(found.sampleFrames == good.sampleFrames)
    }

    @Test("A structure without end or bottom is refused", arguments: structures)
    func structure(_ forgery: Forgery) async throws {
        let failure = try await refusal(of: forgery.bytes)
        #expect([.corrupt, .unsupportedFormat, .noAudioStream, .noSamples].contains(failure.kind), "\(failure)")
    }

    /// First pages of so many Opus streams (RFC 3533 §6, RFC 7845 §5.1).
    private static func oggStreams(_ count: Int) -> [UInt8] {
        let head = Array("OpusHead".utf8) + [1, 1] + little(312, 2) + little(48_000, 4) + little(0, 3)
        return (0..<count).flatMap { serial -> [UInt8] in
            var page =
                Array("OggS".utf8) + [0, 2] + little(0, 8) + little(serial, 4) + little(0, 4) + little(0, 4)
                + [1, UInt8(head.count)] + head
            page.replaceSubrange(22..<26, with: little(Int(checksum(page)), 4))
            return page
        }
    }

    /// RFC 3533 §6, field 7.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.reduce(0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte) << 24) { sum, _ in sum & 1 << 31 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1
            }
        }
    }
}
