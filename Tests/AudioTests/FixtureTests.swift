import Foundation
import MediaContract
import SystemPackage
import TestSupport
import Testing

@testable import Audio

/// Every file of Fixtures/ against Fixtures/manifest.json, which foreign tools wrote.
@Suite("Fixtures")
struct FixtureTests {
    @Test("are what other decoders say they are", arguments: Manifest.shared.readable)
    func inspection(_ fixture: Manifest.Audio) throws {
        let audio = try Engine.inspect(fixture.path)
        #expect(audio.format == fixture.format)
        #expect(audio.sampleFrames == fixture.sampleFrames)
        #expect(audio.hasCoverArt == fixture.hasCoverArt)
        #expect(audio.warnings.isEmpty == !fixture.expectsWarning, "\(audio.warnings)")
    }

    @Test("become MP3s that ffmpeg and mpg123 play to the source's last sample", arguments: Manifest.shared.readable)
    func gapless(_ fixture: Manifest.Audio) async throws {
        let scratch = try ScratchFolder()
        let output = scratch.file("out.mp3")
        let report = try Engine.transcode(fixture.path, to: output)
        let rate = RateTable.outputRate(for: fixture.format.sampleRate)
        let expected = RateTable.outputCount(fixture.sampleFrames, from: fixture.format.sampleRate, to: rate)
        #expect(report.sampleRate == rate)
        #expect(report.sampleFrames == expected)
        #expect(try await Tool.samplesByFFmpeg(output, channels: report.channels) == Int(expected))
        #expect(try await Tool.samplesByMpg123(output, channels: report.channels) == Int(expected))
    }

    @Test("that are broken are refused for the right reason", arguments: Manifest.shared.brokenAudio)
    func brokenAudio(_ fixture: Manifest.Broken) throws {
        #expect(try requireFailure { try Engine.inspect(fixture.path) }.kind == fixture.failure)
        let scratch = try ScratchFolder()
        let failure = try requireFailure { try Engine.transcode(fixture.path, to: scratch.file("out.mp3")) }
        #expect(failure.kind == fixture.failure)
        #expect(!failure.message.isEmpty && !failure.message.contains("\n"))
    }

    @Test("that are pictures are what they are, whatever their names", arguments: Manifest.shared.images)
    func image(_ fixture: Manifest.Image) throws {
        #expect(try withInput(fixture.path) { try ImageInspector.inspect($0) } == fixture.image)
    }

    @Test("that are broken pictures are refused for the right reason", arguments: Manifest.shared.brokenImages)
    func brokenImage(_ fixture: Manifest.Broken) throws {
        let failure = try requireFailure {
            try withInput(fixture.path) { file throws(MediaFailure) in try ImageInspector.inspect(file) }
        }
        #expect(failure.kind == fixture.failure)
    }
}

/// Fixtures/manifest.json.
struct Manifest: Decodable {
    protocol Entry: Decodable, CustomTestStringConvertible, Sendable {
        var file: String { get }
    }

    struct Audio: Entry {
        let file: String
        let format: AudioFormat
        let sampleFrames: Int64
        let hasCoverArt: Bool
        let expectsWarning: Bool
    }

    struct Broken: Entry {
        let file: String
        let failure: MediaFailure.Kind
    }

    struct Image: Entry {
        let file: String
        let image: ImageInspection
    }

    let audio: [Audio]
    let music: [Audio]
    let brokenAudio: [Broken]
    let images: [Image]
    let brokenImages: [Broken]

    var readable: [Audio] { audio + music }

    /// Empty if it cannot be read; a test without arguments fails to run, and says so.
    static let shared: Manifest = {
        let path = RepositoryPaths.fixtures.appending("manifest.json").string
        guard let data = FileManager.default.contents(atPath: path),
            let manifest = try? JSONDecoder().decode(Manifest.self, from: data)
        else {
            Issue.record("\(path) is missing or not a manifest")
            return Manifest(audio: [], music: [], brokenAudio: [], images: [], brokenImages: [])
        }
        return manifest
    }()
}

extension Manifest.Entry {
    var path: String { RepositoryPaths.fixtures.appending(FilePath(file).components).string }
    var testDescription: String { file }
}
