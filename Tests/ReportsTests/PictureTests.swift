import Foundation
import MediaContract
import Reports
import Testing

/// The picture, read back by ffmpeg.
@Suite("Pictures")
struct PictureTests {
    /// 24-bit pixels of a picture.
    struct Pixels {
        let width = 2400
        let bytes: [UInt8]

        var height: Int { bytes.count / 3 / width }

        /// Pixels that are red as clipping is marked, and nothing else.
        var redCount: Int {
            stride(from: 0, to: bytes.count - 2, by: 3).count {
                bytes[$0] > 190 && bytes[$0 + 1] < 60 && bytes[$0 + 2] < 70
            }
        }

        var darkCount: Int {
            stride(from: 0, to: bytes.count - 2, by: 3).count {
                bytes[$0] < 60 && bytes[$0 + 1] < 60 && bytes[$0 + 2] < 70
            }
        }
    }

    private static func pixels(_ report: TrackReport) async throws -> Pixels {
        let png = try TrackPicture(report).png()
        #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        let raw = ["-v", "error", "-f", "png_pipe", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
        return Pixels(bytes: try await Foreign.run("ffmpeg", raw, input: png))
    }

    @Test("are as high as they have channels", arguments: [(1, 908), (2, 1112), (6, 1928), (8, 2336), (64, 2336)])
    func size(_ channels: Int, _ height: Int) async throws {
        let report = Example.report { inspection, analysis in
            inspection.format.channels = channels
            analysis.channels = Array(repeating: Example.levels, count: channels)
            analysis.overview.channels = Array(repeating: analysis.overview.channels[0], count: min(8, channels))
        }
        let pixels = try await Self.pixels(report)
        #expect(pixels.bytes.count == pixels.width * height * 3)
    }

    @Test("mark clipped runs in red, and nothing else")
    func clipping() async throws {
        #expect(try await Self.pixels(Example.report()).redCount == 0)
        let clipped = Example.report { _, analysis in
            analysis.clipping = ClippingMeasurement(
                runCount: 1, longestRun: 5, firstRuns: [SampleSpan(start: 1_000_000, count: 5)])
        }
        #expect(try await Self.pixels(clipped).redCount > 50)
        let everywhere = Example.report { _, analysis in
            let count = analysis.overview.pointCount
            analysis.overview.channels[1].maxima = Array(repeating: 32_767, count: count)
        }
        #expect(try await Self.pixels(everywhere).redCount > 5000)
    }

    @Test("are drawn of audio without loudness, without sound and of a single sample")
    func extremes() async throws {
        let reports = [
            Example.report { inspection, analysis in
                inspection.sampleFrames = 1
                analysis.overview = LevelOverview(
                    samplesPerPoint: 256,
                    channels: Array(repeating: .init(minima: [0], maxima: [0], rms: [0]), count: 2))
                analysis.loudness.shortTerm = []
            },
            Example.report { inspection, analysis in
                analysis.loudness.shortTerm = Array(repeating: -70, count: 58)
                analysis.loudness.integrated = nil
                analysis.silence.leading = inspection.sampleFrames
            },
            Example.report { inspection, analysis in
                inspection.sampleFrames = 100 * 86_400 * 44_100
                analysis.overview.samplesPerPoint = 1 << 28
                analysis.loudness.shortTerm = Array(repeating: 200, count: 7200)
                analysis.loudness.interval = 1024
            },
        ]
        for report in reports { #expect(try await Self.pixels(report).height == 1112) }
    }

    @Test("are drawn of names of any length")
    func names() async throws {
        let long = Example.report(file: String(repeating: "é", count: 5000) + ".wav")
        #expect(try await Self.pixels(long).darkCount > 0)
    }
}
