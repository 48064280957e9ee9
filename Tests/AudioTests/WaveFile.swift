import Foundation
import Testing

/// Makes WAV files: chirps and noise from a fixed seed, the same bytes every time.
struct WaveFile {
    enum Format: String, CaseIterable, CustomTestStringConvertible {
        case unsigned8 = "pcm_u8"
        case signed16 = "pcm_s16le"
        case signed24 = "pcm_s24le"
        case signed32 = "pcm_s32le"
        case float32 = "pcm_f32le"
        case float64 = "pcm_f64le"

        var bits: Int {
            switch self {
            case .unsigned8: 8
            case .signed16: 16
            case .signed24: 24
            case .signed32, .float32: 32
            case .float64: 64
            }
        }

        var isFloat: Bool { self == .float32 || self == .float64 }

        var testDescription: String { rawValue }
    }

    var format: Format = .signed16
    var rate = 44_100
    var channels = 2
    /// Samples per channel.
    var count: Int
    /// Write WAVE_FORMAT_EXTENSIBLE with this speaker mask.
    var speakerMask: UInt32?
    /// What the header says the data's size is, when that is to be a lie.
    var claimedDataSize: UInt32?
    /// Only sample at this position is not zero.
    var impulse: Int?

    var bytes: [UInt8] {
        let data = samples
        let formatChunk = chunk("fmt ", formatContent)
        let size = claimedDataSize ?? UInt32(data.count)
        return Array("RIFF".utf8) + little(UInt32(truncatingIfNeeded: 4 + formatChunk.count + 8 + data.count))
            + Array("WAVE".utf8) + formatChunk + Array("data".utf8) + little(size) + data
            + (data.count % 2 == 1 ? [0] : [])
    }

    private var formatContent: [UInt8] {
        let block = channels * format.bits / 8
        let tag: UInt16 = speakerMask != nil ? 0xFFFE : format.isFloat ? 3 : 1
        var content =
            little(tag) + little(UInt16(channels)) + little(UInt32(rate)) + little(UInt32(rate * block))
            + little(UInt16(block)) + little(UInt16(format.bits))
        if let speakerMask {
            // The sub-format GUID: the tag, then 0000-0010-8000-00AA00389B71.
            content +=
                little(UInt16(22)) + little(UInt16(format.bits)) + little(speakerMask)
                + little(UInt16(format.isFloat ? 3 : 1)) + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        return content
    }

    private var samples: [UInt8] {
        var data: [UInt8] = []
        data.reserveCapacity(count * channels * format.bits / 8)
        var noise: UInt32 = 0x1234_5678
        for index in 0..<count {
            for channel in 0..<channels {
                noise = noise &* 1_664_525 &+ 1_013_904_223
                append(value(index, channel, noise), to: &data)
            }
        }
        return data
    }

    /// −1…1.
    private func value(_ index: Int, _ channel: Int, _ noise: UInt32) -> Double {
        if let impulse { return index == impulse ? 0.9 : 0 }
        let time = Double(index) / Double(rate)
        let chirp = sin(2 * .pi * (220 * Double(channel + 1) + 150 * time) * time)
        return 0.5 * chirp + 0.1 * (Double(noise >> 8) / Double(1 << 23) - 1)
    }

    private func append(_ value: Double, to data: inout [UInt8]) {
        switch format {
        case .unsigned8: data.append(UInt8(128 + Int(value * 127)))
        case .signed16: data += little(UInt16(bitPattern: Int16(value * 32767)))
        case .signed24: data += little(UInt32(bitPattern: Int32(value * 8_388_607))).prefix(3)
        case .signed32: data += little(UInt32(bitPattern: Int32(value * 2_147_483_647)))
        case .float32: data += little(Float(value).bitPattern)
        case .float64: data += little(value.bitPattern)
        }
    }

    private func chunk(_ id: String, _ content: [UInt8]) -> [UInt8] {
        Array(id.utf8) + little(UInt32(content.count)) + content
    }

    private func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
