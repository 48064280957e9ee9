import Foundation
import SystemPackage
import Testing

/// Folders: what is taken of them, and where it goes.
struct TranscodeFolderTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func transcode(_ arguments: String..., as user: String? = nil) async throws -> Lathe.Outcome {
        try await Lathe.run(["transcode"] + arguments, in: folder, as: user)
    }

    private func tones(_ names: String...) throws {
        for name in names {
            _ = try folder.folder(FilePath(name).removingLastComponent().string)
            // A length of its own, so that each has an MP3 of its own.
            try Tone(count: 2000 + name.count).write(to: folder.file(name))
        }
    }

    /// All MP3s, below a folder.
    private func mp3s(_ path: String = "") -> [String] {
        folder.names.filter { $0.hasSuffix(".mp3") && $0.hasPrefix(path) }.map { String($0.dropFirst(path.count)) }
    }

    @Test(arguments: [
        (["music"], ["music/b/c/deep.mp3", "music/b/song.mp3", "music/top.mp3"]),
        (["music/"], ["b/c/deep.mp3", "b/song.mp3", "top.mp3"]),
        (["music/b"], ["b/c/deep.mp3", "b/song.mp3"]),
        (["music/b/", "music/top.wav"], ["c/deep.mp3", "song.mp3", "top.mp3"]),
        (["./music/b/../b"], ["b/c/deep.mp3", "b/song.mp3"]),
    ])
    func theTreeIsKept(operands: [String], outputs: [String]) async throws {
        try tones("music/top.wav", "music/b/song.wav", "music/b/c/deep.wav")
        let outcome = try await Lathe.run(["transcode", "--out-dir", "out"] + operands, in: folder)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(mp3s("out/") == outputs)
        #expect(mp3s().count == outputs.count)
        let deep = try #require(outputs.first { $0.hasSuffix("deep.mp3") })
        #expect(try await Tool.samplesByMpg123(folder.file("out/\(deep)")) == 2000 + "music/b/c/deep.wav".count)
    }

    @Test func withoutAnOutDirEachLiesBesideItsMasterHoweverOftenItIsRun() async throws {
        try tones("music/top.wav", "music/b/song.wav")
        #expect(try await transcode("music").status == .exited(0))
        #expect(mp3s() == ["music/b/song.mp3", "music/top.mp3"])
        let again = try await transcode("music")
        #expect(again.status == .exited(0), "\(again.error)")
        #expect(again.outputLines.contains("music/top.mp3  already done"))
        #expect(again.outputLines.last == "2 files: 2 already done; 3 others left out (--verbose names them)")
        #expect(mp3s() == ["music/b/song.mp3", "music/top.mp3"])
    }

    @Test func whatIsNoMasterIsLeftOutAndCountedAndNamedWhenAskedFor() async throws {
        try tones("music/a.wav", "music/.hidden.wav", "music/.folder/b.wav", "music/both.wav")
        try folder.write("an MP3 of both.wav", as: "music/both.mp3")
        try folder.write("words", as: "music/notes.txt")
        try folder.write("words", as: "music/no-extension")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("music/dangling.flac"), withDestinationPath: "nowhere")
        let quiet = try await transcode("music/", "--out-dir", "out")
        #expect(quiet.status == .exited(0), "\(quiet.error)")
        #expect(mp3s("out/") == ["a.mp3", "both.mp3"])
        #expect(quiet.output.contains("2 files: 2 transcoded; 6 others left out"), "\(quiet.output)")
        #expect(!quiet.output.contains("notes"))
        let verbose = try await transcode("music/", "--out-dir", "out", "--verbose")
        for (name, reason) in [
            (".hidden.wav", "hidden"), (".folder", "hidden"), ("notes.txt", "no audio file by its name"),
            ("no-extension", "no audio file by its name"), ("dangling.flac", "a link to nothing"),
            ("both.mp3", "the MP3 of the master beside it"),
        ] {
            #expect(verbose.outputLines.contains("music/\(name)  left out: \(reason)"), "\(name): \(verbose.output)")
        }
    }

    @Test func aNamedFileIsTriedWhateverItsName() async throws {
        try tones("music/x.wav")
        for name in ["no-extension", ".hidden", "song.data"] {
            try FileManager.default.copyItem(atPath: folder.file("music/x.wav"), toPath: folder.file(name))
        }
        let outcome = try await transcode("no-extension", ".hidden", "song.data", "--out-dir", "out")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(mp3s("out/") == [".hidden.mp3", "no-extension.mp3", "song.mp3"])
    }

    @Test func linksAreFollowedAndCirclesEnd() async throws {
        try tones("music/a/one.wav", "elsewhere/two.wav", "music/a/b/three.wav")
        for (link, destination) in [
            ("music/a/b/up", "../.."), ("music/a/self", "."), ("music/linked", "../elsewhere"),
            ("elsewhere/back", "../music"), ("music/file.wav", "a/one.wav"),
        ] {
            try FileManager.default.createSymbolicLink(atPath: folder.file(link), withDestinationPath: destination)
        }
        let outcome = try await transcode("music/", "--out-dir", "out")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(mp3s("out/") == ["a/b/three.mp3", "a/one.mp3", "file.mp3", "linked/two.mp3"])
    }

    @Test(arguments: ["music/out", "./music/../music/out/", "link"])
    func whatItMadeIsNoMaster(outDir: String) async throws {
        try tones("music/a.wav", "music/sub/b.wav")
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "music/out")
        _ = try folder.folder("music/out")
        for _ in 1...2 {
            let outcome = try await transcode("music/", "--out-dir", outDir)
            #expect(outcome.status == .exited(0), "\(outcome.error)")
            #expect(mp3s() == ["music/out/a.mp3", "music/out/sub/b.mp3"])
        }
    }

    @Test func mastersOfOneNameAreRefusedBeforeAnythingIsMade() async throws {
        try tones("music/a/song.wav", "music/a/song.aiff", "music/b/other.wav")
        let outcome = try await transcode("music", "--out-dir", "out")
        #expect(outcome.status == .exited(64))
        #expect(
            outcome.errorLines == [
                "lathe: music/a/song.aiff and music/a/song.wav would both become out/music/a/song.mp3: "
                    + "use another --out-dir"
            ])
        #expect(outcome.output == "")
        #expect(!folder.has("out"))
    }

    @Test func anEmptyFolderIsNoError() async throws {
        _ = try folder.folder("music/sub")
        let outcome = try await transcode("music", "--out-dir", "out")
        #expect(outcome.status == .exited(0))
        #expect(outcome.outputLines == ["0 files"])
    }

    @Test func namesOfAnyBytesAreKept() async throws {
        let long = String(repeating: "n", count: 251)
        let names: [[UInt8]] = [
            Array("new\nline".utf8), Array("-o".utf8), [0xFF, 0xFE, 0x41], Array("tab\tand\u{1B}[31mcolour".utf8),
            Array("\u{FFFD}".utf8), Array("ümläut".utf8), Array(long.utf8), Array("a.b.c".utf8),
        ]
        _ = try folder.folder("music")
        let audio = [UInt8](try Data(contentsOf: URL(filePath: try Tone(count: 2000).write(to: folder.file("t.wav")))))
        for name in names { try write(audio, as: "music/", name + Array(".wav".utf8)) }
        try write(audio, as: "", [0xC3, 0x28] + Array(".wav".utf8))
        let outcome = try await transcode("music/", "--out-dir", "out")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.outputLines.count == names.count + 2, "\(outcome.output)")
        #expect(outcome.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        for name in names {
            #expect(exists("out/", name + Array(".mp3".utf8)), "\(String(decoding: name, as: UTF8.self))")
        }
        let again = try await transcode("music/", "--out-dir", "out")
        #expect(again.output.contains("\(names.count) files: \(names.count) already done"), "\(again.output)")
    }

    /// As text, é is the same composed and decomposed, and so are all bytes that are no UTF-8.
    @Test func namesThatDifferAreDifferentMasters() async throws {
        _ = try folder.folder("music")
        let audio = [UInt8](try Data(contentsOf: URL(filePath: try Tone(count: 2000).write(to: folder.file("t.wav")))))
        let names: [[UInt8]] = [[0xC3, 0xA9], [0x65, 0xCC, 0x81], [0xFF], [0xFE]]
        for (name, suffix) in zip(names, [".wav", ".mp3", ".wav", ".mp3"]) {
            try write(audio, as: "music/", name + Array(suffix.utf8))
        }
        let outcome = try await transcode("music/", "--out-dir", "out", "--report", "--force")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        for name in names {
            #expect(exists("out/", name + Array(".mp3".utf8)), "\(name)")
            #expect(exists("out/", name + Array(".lathe.json".utf8)), "\(name)")
        }
    }

    @Test func aNameThatHasNoRoomForMP3IsSaid() async throws {
        let name = String(repeating: "n", count: 255)
        try tones("x.wav")
        try FileManager.default.moveItem(atPath: folder.file("x.wav"), toPath: folder.file(name))
        let outcome = try await transcode(name, "--out-dir", "out")
        #expect(outcome.status == .exited(1))
        #expect(
            outcome.errorLines.first?.hasSuffix("its name is too long with .mp3 at the end; -o gives the MP3 another")
                == true)
        #expect(try await transcode(name, "-o", "short.mp3").status == .exited(0))
    }

    @Test(.enabled(if: UnprivilegedUser.mayRunLathe))
    func aFolderThatMayNotBeReadIsNamedAndTheRestIsDone() async throws {
        try tones("music/a.wav", "music/closed/b.wav", "music/open/c.wav")
        for (path, mode) in [("", 0o755), ("music/closed", 0o700), ("out", 0o777)] {
            _ = try folder.folder(path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file(path))
        }
        let outcome = try await transcode("music/", "--out-dir", "out", "--json", as: "nobody")
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.first == "lathe: music/closed: the folder cannot be read: Permission denied")
        #expect(outcome.output.contains(#""error":"the folder cannot be read: Permission denied""#))
        #expect(mp3s("out/") == ["a.mp3", "open/c.mp3"])

        let unwritable = try await transcode("music/", "--out-dir", "music/open", as: "nobody")
        #expect(unwritable.status == .exited(1))
        #expect(unwritable.output == "")
        #expect(
            unwritable.errorLines.last == "lathe: nothing can be written to the folder music/open: Permission denied")
    }

    private func path(_ prefix: String, _ name: [UInt8]) -> FilePath {
        let bytes = Array(folder.file(prefix).utf8) + name + [0]
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            let start = unsafe UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            return unsafe start.map { unsafe FilePath(platformString: $0) } ?? ""
        }
    }

    private func write(_ bytes: [UInt8], as prefix: String, _ name: [UInt8]) throws {
        let file = try FileDescriptor.open(
            path(prefix, name), .writeOnly, options: [.create], permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    private func exists(_ prefix: String, _ name: [UInt8]) -> Bool {
        guard let file = try? FileDescriptor.open(path(prefix, name), .readOnly) else { return false }
        try? file.close()
        return true
    }
}
