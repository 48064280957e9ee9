import Foundation
import MediaContract
import Testing

@testable import Audio

/// Which files are found fault with, for what, and by whose rule.
@Suite("Findings")
struct FindingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var wave: SampledWave
        var codes: [String]
    }

    private static let left = SampledWave.sine(997, decibels: -24, seconds: 4)
    private static let right = SampledWave.sine(1499, decibels: -24, seconds: 4)
    private static let silence = [Double](repeating: 0, count: 4 * 48_000)

    static let cases = [
        Case(testDescription: "nothing wrong", wave: SampledWave(channels: [left, right]), codes: []),
        Case(testDescription: "silence", wave: SampledWave(channels: [silence]), codes: ["silent"]),
        Case(
            testDescription: "a dead channel", wave: SampledWave(channels: [left, silence]), codes: ["silent-channel"]),
        Case(testDescription: "dual mono", wave: SampledWave(channels: [left, left]), codes: ["dual-mono"]),
        Case(
            testDescription: "inverted", wave: SampledWave(channels: [left, left.map { -$0 }]), codes: ["inverted"]),
        Case(
            testDescription: "off centre", wave: SampledWave(channels: [left, right.map { $0 + 0.01 }]),
            codes: ["dc-offset"]),
        Case(
            testDescription: "a late start", wave: SampledWave(channels: [silence + left, silence + right]),
            codes: ["leading-silence"]),
        Case(
            testDescription: "a hole", wave: SampledWave(channels: [left + silence + left, right + silence + right]),
            codes: ["silence"]),
        Case(
            testDescription: "16 bits in 24",
            wave: SampledWave(
                bits: 24, channels: [left, right].map { $0.map { ($0 * 32_768).rounded() / 32_768 } }),
            codes: ["padded-bits"]),
        Case(
            testDescription: "clipped",
            wave: SampledWave(channels: [left + [1, 1, 1, 1, 1, 1], right + [0, 0, 0, 0, 0, 0]]),
            codes: ["clipping", "true-peak"]),
    ]

    @Test("name what is wrong and nothing else", arguments: cases)
    func codes(_ example: Case) throws {
        let scratch = try ScratchFolder()
        let (inspection, analysis) = try Engine.analyze(scratch.write(example.wave.bytes, as: "in.wav"))
        let findings = analysis.findings(for: inspection)
        #expect(findings.map(\.code) == example.codes, "\(findings)")
        #expect(findings.allSatisfy { !$0.source.isEmpty && !$0.message.hasSuffix(".") })
    }

    @Test("A loud master with high peaks is told Spotify's limit, clipping its time")
    func loud() throws {
        let scratch = try ScratchFolder()
        let tone = SampledWave.sine(997, decibels: -1.5, seconds: 4)
        let (inspection, analysis) = try Engine.analyze(
            scratch.write(SampledWave(channels: [tone, Self.right]).bytes, as: "in.wav"))
        let findings = analysis.findings(for: inspection)
        #expect(findings.map(\.code) == ["loudness", "true-peak-loud"])
        #expect(findings.last?.threshold == -2)

        var clipped = Self.left
        clipped.replaceSubrange(96_000..<96_010, with: [Double](repeating: 1, count: 10))
        let other = try Engine.analyze(
            scratch.write(SampledWave(channels: [clipped, Self.right]).bytes, as: "clipped.wav"))
        let clipping = try #require(
            other.analysis.findings(for: other.inspection).first { $0.code == "clipping" })
        #expect(clipping.severity == .warn)
        #expect(clipping.timestamps == [2])
    }
}
