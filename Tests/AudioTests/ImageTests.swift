import Audio
import MediaContract
import SystemPackage
import Testing

@Suite("Cover art is decoded before it is believed")
struct ImageTests {
    private func inspect(_ path: String) throws -> ImageInspection {
        try withInput(path) { try ImageInspector.inspect($0) }
    }

    private func picture(_ name: String, _ arguments: [String] = [], in scratch: ScratchFolder) async throws -> String {
        let path = scratch.file(name)
        let source = ["-f", "lavfi", "-i", "testsrc=size=321x123", "-frames:v", "1"]
        try await Tool.run("ffmpeg", ["-v", "error", "-y"] + source + arguments + [path])
        return path
    }

    @Test(
        "JPEG, PNG and WebP, lossy and lossless",
        arguments: [
            ("a.jpg", [], ImageInspection.Format.jpeg), ("gray.jpg", ["-pix_fmt", "gray"], .jpeg), ("a.png", [], .png),
            ("deep.png", ["-pix_fmt", "rgba64be"], .png), ("a.webp", [], .webp),
            ("lossless.webp", ["-lossless", "1", "-pix_fmt", "bgra"], .webp),
        ])
    func accepted(_ name: String, _ arguments: [String], _ format: ImageInspection.Format) async throws {
        let scratch = try ScratchFolder()
        let path = try await picture(name, arguments, in: scratch)
        #expect(try inspect(path) == ImageInspection(format: format, width: 321, height: 123))
    }

    @Test("cut off anywhere is corrupt", arguments: ["a.jpg", "a.png", "a.webp"])
    func cut(_ name: String) async throws {
        let scratch = try ScratchFolder()
        let whole = try bytes(of: await picture(name, in: scratch))
        for share in [3, 5, 9] {
            let path = try scratch.write(Array(whole.prefix(whole.count * share / 10)), as: "cut-\(name)")
            #expect(try requireFailure { try inspect(path) }.kind == .corrupt, "\(share) tenths")
        }
    }

    @Test("A PNG that fails its checksum is corrupt")
    func damagedPNG() async throws {
        let scratch = try ScratchFolder()
        var bytes = try bytes(of: await picture("a.png", in: scratch))
        bytes[bytes.count / 2] ^= 0x55
        #expect(try requireFailure { try inspect(scratch.write(bytes, as: "b.png")) }.kind == .corrupt)
    }

    @Test("A small file that claims a huge picture is refused by its header")
    func tooManyPixels() async throws {
        let scratch = try ScratchFolder()
        var bytes = try bytes(of: await picture("a.png", in: scratch))
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
        let failure = try requireFailure { try inspect(scratch.write(bytes, as: "b.png")) }
        #expect(failure.kind == .unsupportedFormat)
        #expect(failure.message == "the image has 65535 × 65535 pixels; at most 100 megapixels are accepted")
    }

    @Test(
        "Anything else is refused",
        arguments: [
            ([], MediaFailure.Kind.emptyFile), (Array("GIF89a".utf8), .unsupportedFormat),
            ([0xFF, 0xD8, 0xFF], .corrupt),
        ])
    func refused(_ bytes: [UInt8], _ kind: MediaFailure.Kind) throws {
        let scratch = try ScratchFolder()
        #expect(try requireFailure { try inspect(scratch.write(bytes, as: "a.jpg")) }.kind == kind)
    }
}
