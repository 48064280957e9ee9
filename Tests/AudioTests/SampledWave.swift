import Foundation

/// A WAV file of samples a test computes: integers of 16 or 24 bits or 32-bit floats, interleaved.
struct SampledWave {
    var rate = 48_000
    var bits = 16
    var isFloat = false
    /// Samples of each channel, −1…1.
    var channels: [[Double]]

    var bytes: [UInt8] {
        let data = samples
        let block = channels.count * bits / 8
        let format =
            little(isFloat ? 3 : 1, 2) + little(channels.count, 2) + little(rate, 4) + little(rate * block, 4)
            + little(block, 2) + little(bits, 2)
        return Array("RIFF".utf8) + little(36 + data.count, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + format
            + Array("data".utf8) + little(data.count, 4) + data
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
                if isFloat {
                    data += little(Int(Float(channel[index]).bitPattern), 4)
                } else {
                    let value = Int((channel[index] * fullScale).rounded())
                    data += little(max(-Int(fullScale), min(Int(fullScale) - 1, value)), bits / 8)
                }
            }
        }
        return data
    }

    private func little(_ value: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
