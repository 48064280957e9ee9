import Foundation
import MediaContract
import Testing

/// EBU Tech 3341 (version 4.0, November 2023), Table 1 "Minimum requirements test signals", cases 1 to 6 and 9 to 14,
/// and EBU Tech 3342, Table 1, cases 1 to 4, made from their definitions: a sine of 1 kHz at 48 kHz, in phase in left
/// and right. Tolerances are the documents': ±0.1 LU of loudness, ±1 LU of range.
///
/// Cases 7 and 8 of 3341 and 5 and 6 of 3342 are recordings of programmes ("authentic programme"), which no definition
/// gives back: they are left out. Cases 15 to 23 are in `EBUTruePeakTests`.
@Suite("EBU's test signals of loudness")
struct EBULoudnessTests {
    /// Parts of a sine: dBFS (nil for silence) and seconds.
    struct Tones: Sendable, CustomTestStringConvertible {
        var name: String
        var parts: [(decibels: Double?, seconds: Double)]
        /// LUFS, or LU of range.
        var expected: Double

        var testDescription: String { name }

        var wave: SampledWave {
            let channel = parts.flatMap { EBULoudnessTests.tone($0.decibels, $0.seconds) }
            return SampledWave(bits: 24, channels: [channel, channel])
        }
    }

    static func tone(_ decibels: Double?, _ seconds: Double) -> [Double] {
        guard let decibels else { return Array(repeating: 0, count: Int((seconds * 48_000).rounded())) }
        return SampledWave.sine(1000, decibels: decibels, seconds: seconds)
    }

    static let integrated = [
        Tones(name: "3341-1", parts: [(-23, 20)], expected: -23),
        Tones(name: "3341-2", parts: [(-33, 20)], expected: -33),
        Tones(name: "3341-3", parts: [(-36, 10), (-23, 60), (-36, 10)], expected: -23),
        Tones(name: "3341-4", parts: [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], expected: -23),
        Tones(name: "3341-5", parts: [(-26, 20), (-20, 20.1), (-26, 20)], expected: -23),
    ]

    @Test("Integrated loudness (cases 1 to 5)", arguments: integrated)
    func integratedLoudness(_ tones: Tones) throws {
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.integrated) - tones.expected) <= 0.1)
    }

    @Test(
        "A steady tone's momentary and short-term loudness are its integrated one (cases 1 and 2)", arguments: [0, 1])
    func steady(_ index: Int) throws {
        let tones = Self.integrated[index]
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.maximumMomentary) - tones.expected) <= 0.1)
        #expect(abs(try #require(found.maximumShortTerm) - tones.expected) <= 0.1)
        #expect(found.blocks.isSteady(at: tones.expected))
        #expect(found.windows.isSteady(at: tones.expected))
    }

    @Test("The five channels have their weights, and the LFE none (case 6)", arguments: [false, true])
    func surround(_ hasLFE: Bool) throws {
        let levels: [Double] = hasLFE ? [-28, -28, -24, -6, -30, -30] : [-28, -28, -24, -30, -30]
        let wave = SampledWave(
            bits: 24, channels: levels.map { Self.tone($0, 20) },
            speakerMask: hasLFE ? 0b111111 : 0b110111)
        let found = try Engine.analyze(wave).loudness
        #expect(abs(try #require(found.integrated) + 23) <= 0.1)
    }

    static let ranges = [
        Tones(name: "3342-1", parts: [(-20, 20), (-30, 20)], expected: 10),
        Tones(name: "3342-2", parts: [(-20, 20), (-15, 20)], expected: 5),
        Tones(name: "3342-3", parts: [(-40, 20), (-20, 20)], expected: 20),
        Tones(name: "3342-4", parts: [(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], expected: 15),
    ]

    @Test("Loudness range", arguments: ranges)
    func loudnessRange(_ tones: Tones) throws {
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.range) - tones.expected) <= 1)
    }
}

// MARK: - Windows

extension EBULoudnessTests {
    /// −20 and −30 dBFS in turn, so long each that every window of 3 s, or of 0.4 s, has −23 LUFS.
    @Test("Short-term loudness is constant after 3 s (case 9)")
    func constantShortTerm() throws {
        let tones = Tones(
            name: "3341-9", parts: (0..<5).flatMap { _ in [(-20.0, 1.34), (-30.0, 1.66)] }, expected: -23)
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.maximumShortTerm) + 23) <= 0.1)
        // Of every window, 100 ms apart, and of the series.
        #expect(found.windows.counts.reduce(0, +) == 121)
        #expect(found.windows.isSteady(at: -23))
        #expect(found.shortTerm.count == 13)
        #expect(found.shortTerm.allSatisfy { abs($0 + 23) <= 0.1 })
    }

    @Test("Momentary loudness is constant after 1 s (case 12)")
    func constantMomentary() throws {
        let tones = Tones(
            name: "3341-12", parts: (0..<25).flatMap { _ in [(-20.0, 0.18), (-30.0, 0.22)] }, expected: -23)
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.maximumMomentary) + 23) <= 0.1)
        #expect(found.blocks.counts.reduce(0, +) == 97)
        #expect(found.blocks.isSteady(at: -23))
    }

    @Test("The greatest short-term loudness is found wherever 3 s of sound begin (case 10)", arguments: 0..<20)
    func shortTermMaximum(_ number: Int) throws {
        let tones = Tones(
            name: "3341-10-\(number + 1)", parts: [(nil, Double(number) * 0.15), (-23, 3), (nil, 1)], expected: -23)
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.maximumShortTerm) + 23) <= 0.1)
    }

    @Test("The greatest momentary loudness is found wherever 0.4 s of sound begin (case 13)", arguments: 0..<20)
    func momentaryMaximum(_ number: Int) throws {
        let tones = Tones(
            name: "3341-13-\(number + 1)", parts: [(nil, Double(number) * 0.02), (-23, 0.4), (nil, 1)], expected: -23)
        let found = try Engine.analyze(tones.wave).loudness
        #expect(abs(try #require(found.maximumMomentary) + 23) <= 0.1)
    }

    /// Each of twenty sounds is a decibel louder than the one before, so that a meter's maximum rises with each. The
    /// file ends after a sound: what a live meter shows at that moment.
    @Test("The maxima rise with every louder sound of one signal (cases 11 and 14)", arguments: 0..<20)
    func risingMaxima(_ number: Int) throws {
        // Three seconds apart, sounds have no window in common, so the two last are enough.
        let slow = (max(0, number - 1)...number).flatMap { Self.sound($0, seconds: 3, step: 0.15) }
        let shortTerm = try Engine.analyze(Tones(name: "3341-11", parts: slow, expected: 0).wave).loudness
        #expect(abs(try #require(shortTerm.maximumShortTerm) - (Double(number) - 38)) <= 0.1)
        let fast = (0...number).flatMap { Self.sound($0, seconds: 0.4, step: 0.02) }
        let momentary = try Engine.analyze(Tones(name: "3341-14", parts: fast, expected: 0).wave).loudness
        #expect(abs(try #require(momentary.maximumMomentary) - (Double(number) - 38)) <= 0.1)
    }

    private static func sound(_ number: Int, seconds: Double, step: Double) -> [(decibels: Double?, seconds: Double)] {
        let delay = Double(number) * step
        return [(nil, delay), (Double(number) - 38, seconds), (nil, seconds - delay)]
    }
}

extension LoudnessHistogram {
    /// Whether every window it counts is within 0.1 LU of `loudness`.
    fileprivate func isSteady(at loudness: Double) -> Bool {
        counts.indices.allSatisfy { step in
            counts[step] == 0 || abs(Self.loudness(energies[step] / Double(counts[step])) - loudness) <= 0.1
        }
    }
}
