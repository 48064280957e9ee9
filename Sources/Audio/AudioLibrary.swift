import CFFmpeg
import MediaContract

/// The libraries behind this module, as every rendition records them.
package enum AudioLibrary {
    /// For example "LAME 3.100, libavcodec 59.37.100"; both as loaded at run time.
    package static var versions: String {
        let number = avcodec_version()
        let lame = lameVersion.isEmpty ? "LAME of unknown version" : "LAME \(lameVersion)"
        return "\(lame), libavcodec \(number >> 16).\(number >> 8 & 0xFF).\(number & 0xFF)"
    }

    /// LAME's version as it writes it into the unused bits of every MP3 ("LAME3.100"): libavcodec does not tell, and
    /// this asks the very code that encodes. Empty when it writes none.
    static let lameVersion: String = (try? findLAMEVersion()) ?? ""

    /// The name stands in the first frame that has bits to spare, and silence has them from the first on.
    private static let framesOfSilence = 8

    private static func findLAMEVersion() throws(MediaFailure) -> String {
        _ = LogCapture.install
        let shape = SampleShape(sampleRate: 44_100, layout: .stereo, format: AV_SAMPLE_FMT_S16P)
        let encoder = try MP3Encoder(.mp3At320, shape)
        let silence = try Frame()
        try silence.allocate(shape, capacity: MP3Encoder.samplesPerFrame)
        let packet = try Packet()
        for _ in 0..<framesOfSilence {
            try encoder.send(silence)
            while try encoder.receive(into: packet) {
                let version = unsafe packet.withBytes { lameVersion(in: unsafe Array($0)) }
                if let version { return version }
            }
        }
        return ""
    }

    /// The digits and dots after "LAME".
    private static func lameVersion(in bytes: [UInt8]) -> String? {
        let name = Array("LAME".utf8)
        for start in bytes.indices.dropLast(name.count) where bytes[start...].starts(with: name) {
            let version = bytes[(start + name.count)...].prefix { 0x30...0x39 ~= $0 || $0 == 0x2E }
            if !version.isEmpty { return String(decoding: version, as: UTF8.self) }
        }
        return nil
    }
}
