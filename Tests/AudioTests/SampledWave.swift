import Foundation

/// A WAV file of samples a test computes: integers of 16 or 24 bits or 32-bit floats, interleaved.
struct SampledWave {
    var rate = 48_000
    var bits = 16
    var isFloat = false
    /// Samples of each channel, −1…1.
    var channels: [[Double]]
    /// Which speakers the channels are for, as WAVE_FORMAT_EXTENSIBLE has it (Microsoft, ksmedia.h: SPEAKER_…).
    var speakerMask: Int?

    var bytes: [UInt8] {
        let data = samples
        let format = formatChunk
        return Array("RIFF".utf8) + little(20 + format.count + data.count, 4) + Array("WAVEfmt ".utf8)
            + little(format.count, 4) + format + Array("data".utf8) + little(data.count, 4) + data
    }

    private var formatChunk: [UInt8] {
        let block = channels.count * bits / 8
        let tag = isFloat ? 3 : 1
        let format =
            little(speakerMask == nil ? tag : 0xFFFE, 2) + little(channels.count, 2) + little(rate, 4)
            + little(rate * block, 4) + little(block, 2) + little(bits, 2)
        guard let speakerMask else { return format }
        // The sub-format GUID: the tag, then 0000-0010-8000-00AA00389B71.
        return format + little(22, 2) + little(bits, 2) + little(speakerMask, 4) + little(tag, 2)
            + [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
    }

    /// `amplitude × sin(2π × frequency × t + phase)` for some seconds.
    static func sine(
        _ frequency: Double, decibels: Double, seconds: Double, rate: Int = 48_000, phase: Double = 0
    ) -> [Double] {
        let amplitude = pow(10, decibels / 20)
        return (0..<Int(seconds * Double(rate))).map {
            amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate) + phase)
        }
    }

    private var samples: [UInt8] {
        let fullScale = Double(1 << (bits - 1))
        var data: [UInt8] = []
        data.reserveCapacity(channels[0].count * channels.count * bits / 8)
        for index in channels[0].indices {
            for channel in channels {
                var value =
                    isFloat ? Int(Float(channel[index]).bitPattern) : Int((channel[index] * fullScale).rounded())
                if !isFloat { value = max(-Int(fullScale), min(Int(fullScale) - 1, value)) }
                for byte in 0..<bits / 8 { data.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
            }
        }
        return data
    }

    private func little(_ value: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
