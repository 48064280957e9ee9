import FoundationEssentials
import MediaContract
import Testing

@Suite
struct PackedSamplesTests {
    @Test(arguments: [[], [0], [.min, -1, 0, 1, .max], [Int16](repeating: 0x0102, count: 70_000)] as [[Int16]])
    func survivesTheWayFromProcessToProcess(_ samples: [Int16]) throws {
        let waveform = Waveform(sampleRate: 44_100, samplesPerPixel: 256, peaks: samples)
        let decoded = try JSONDecoder().decode(Waveform.self, from: JSONEncoder().encode(waveform))
        #expect(decoded == waveform)
    }

    @Test
    func isLittleEndianOnEveryMachine() throws {
        #expect(try JSONEncoder().encode([PackedSamples(wrappedValue: [1, -2])]) == Data(#"["AQD+\/w=="]"#.utf8))
    }

    @Test(arguments: [#"["AQ=="]"#, #"["AQD+"]"#, #"["?"]"#, "[[1, 2]]"])
    func refusesWhatIsNoneOfThem(_ json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([PackedSamples].self, from: Data(json.utf8)) }
    }
}
