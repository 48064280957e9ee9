import Audio
import CConfinement
import Glibc
import MediaContract
import MediaSandbox
import SystemPackage

/// Transcodes a tenth of a second of our own before anything is asked, so that the first file finds tables computed
/// and code in memory; and what a library does only once is done before it is forbidden.
enum Rehearsal {
    private static let sampleFrames = 4410

    /// What goes wrong here will go wrong with the file, and is told then.
    static func run() {
        // Dates in files are reckoned by the time zone, which the C library reads when it is first asked for one.
        tzset()
        guard let input = memoryFile(), let output = memoryFile() else { return }
        defer { for file in [input, output] { try? file.close() } }
        guard (try? input.writeAll(wave)) != nil else { return }
        _ = try? Transcoder.transcode(
            input: input, output: output, profile: .mp3At320, tags: TrackTags(title: "Rehearsal"), cover: nil,
            threads: 1, analyzes: false, progress: { _ in }, isCancelled: { false })
    }

    private static func memoryFile() -> FileDescriptor? {
        let descriptor = confinement_memory_file()
        return descriptor < 0 ? nil : FileDescriptor(rawValue: descriptor)
    }

    /// A WAV file: the canonical 44-byte header and a sawtooth in stereo, 44.1 kHz, 16 bits.
    private static var wave: [UInt8] {
        let samples = (0..<2 * sampleFrames).map { Int16(truncatingIfNeeded: $0 &* 331) / 4 }
        func little(_ value: Int, _ bytes: Int) -> [UInt8] {
            (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let format = little(1, 2) + little(2, 2) + little(44_100, 4) + little(176_400, 4) + little(4, 2) + little(16, 2)
        let size = samples.count * 2
        return Array("RIFF".utf8) + little(36 + size, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format
            + Array("data".utf8) + little(size, 4) + samples.flatMap { little(Int($0), 2) }
    }
}
