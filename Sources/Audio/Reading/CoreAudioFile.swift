import MediaContract
import SystemPackage

/// Walks the chunks of a Core Audio Format file for its length, which FFmpeg's demuxer takes without the priming and
/// the remainder (Apple, Core Audio Format Specification 1.0).
struct CoreAudioFile {
    private let input: FileDescriptor
    private let size: Int64

    private var bytesPerPacket: Int64 = 0
    private var framesPerPacket: Int64 = 0
    private var packetTable: (valid: Int64, priming: Int64)?
    /// Where the samples start, and how many bytes the header says they are; nil where it leaves that open.
    private var data: (start: Int64, size: Int64?)?

    private static let maximumChunks = 10_000
    /// The edit count in front of the samples, in bytes.
    private static let editCount: Int64 = 4

    /// - Throws: `corrupt` when audio that the header declares is missing, or there is none; `inputOutput`.
    static func claim(of input: FileDescriptor, size: Int64, offset: Int64) throws(MediaFailure) -> LengthClaim {
        var file = CoreAudioFile(input: input, size: size)
        try file.walk(from: offset + 8)
        return try file.judge()
    }

    private init(input: FileDescriptor, size: Int64) {
        self.input = input
        self.size = size
    }

    private mutating func walk(from offset: Int64) throws(MediaFailure) {
        var position = offset
        for _ in 0..<Self.maximumChunks {
            let header = try input.bytes(at: position, count: 12)
            guard let number = header.bigEndian(at: 4, length: 8) else { return }
            let length = Int64(bitPattern: number)
            try note(header.fourCC(at: 0), at: position + 12, length)
            // −1: the data chunk reaches to the end of the file.
            guard length >= 0, length < size - position - 12 else { return }
            position += 12 + length
        }
    }

    private mutating func note(_ id: String, at start: Int64, _ length: Int64) throws(MediaFailure) {
        switch id {
        case "desc":
            let content = try input.bytes(at: start, count: 32)
            bytesPerPacket = Int64(content.bigEndian(at: 16, length: 4) ?? 0)
            framesPerPacket = Int64(content.bigEndian(at: 20, length: 4) ?? 0)
        case "pakt":
            let content = try input.bytes(at: start, count: 24)
            guard let valid = content.bigEndian(at: 8, length: 8), let priming = content.bigEndian(at: 16, length: 4)
            else { return }
            packetTable = (Int64(clamping: valid), Int64(priming))
        case "data" where data == nil:
            data = (start + Self.editCount, length < 0 ? nil : length - Self.editCount)
        default: break
        }
    }

    private func judge() throws(MediaFailure) -> LengthClaim {
        guard let data else { throw MediaFailure(.corrupt, "the CAF file ends before its audio data") }
        let present = max(0, size - data.start)
        let declared = data.size ?? present
        guard declared <= present else {
            throw MediaFailure(
                .corrupt, "the file holds \(present) of the \(declared) bytes of audio data its header declares")
        }
        var claim = LengthClaim()
        if bytesPerPacket > 0, framesPerPacket > 0 {
            let (samples, overflows) = (declared / bytesPerPacket).multipliedReportingOverflow(by: framesPerPacket)
            guard !overflows else { throw MediaFailure(.corrupt, "the CAF header describes no samples") }
            claim.samples = samples
            if declared % bytesPerPacket != 0 {
                claim.warnings.append("the last sample is incomplete and was left out")
            }
        } else if let packetTable {
            claim.samples = packetTable.valid
            claim.delay = packetTable.priming
            // Some writers count the last packet whole, though it is not.
            claim.tolerance = framesPerPacket
        }
        claim.trimsEnd = claim.samples != nil
        if data.size == nil {
            claim.warnings.append("the header does not state the length; everything up to the end was read")
        }
        return claim
    }
}
