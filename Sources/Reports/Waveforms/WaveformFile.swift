package import MediaContract

/// A waveform in the file formats of BBC audiowaveform, version 2 with one channel, as peaks.js and waveform-data.js
/// read them (github.com/bbc/audiowaveform, doc/DataFormat.md).
package struct WaveformFile: Sendable {
    /// Width of a value.
    package enum Resolution: Int, Sendable, CaseIterable {
        case bits8 = 8
        case bits16 = 16
    }

    package let waveform: Waveform
    package let resolution: Resolution

    package init(_ waveform: Waveform, resolution: Resolution = .bits16) {
        self.waveform = waveform
        self.resolution = resolution
    }

    private static let version = 2
    private static let channels = 1

    /// One JSON object: version, channels, sample_rate, samples_per_pixel, bits, length, and data with minimum and
    /// maximum of each pixel in turn.
    package var json: [UInt8] {
        var text =
            "{\"version\":\(Self.version),\"channels\":\(Self.channels),\"sample_rate\":\(waveform.sampleRate),"
            + "\"samples_per_pixel\":\(waveform.samplesPerPixel),\"bits\":\(resolution.rawValue),"
            + "\"length\":\(waveform.pixelCount),\"data\":["
        text += values.lazy.map { "\($0)" }.joined(separator: ",")
        text += "]}\n"
        return Array(text.utf8)
    }

    /// The binary format: a header of six little-endian 32-bit numbers (version, flags, sample rate, samples a pixel,
    /// pixels, channels), then minimum and maximum of each pixel in turn. Bit 0 of the flags says 8 bits a value.
    package var dat: [UInt8] {
        let flags = resolution == .bits8 ? 1 : 0
        let header = [
            Self.version, flags, waveform.sampleRate, waveform.samplesPerPixel, waveform.pixelCount, Self.channels,
        ]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.count * 4 + waveform.peaks.count * resolution.rawValue / 8)
        for number in header { Self.append(Int32(truncatingIfNeeded: number), to: &bytes) }
        for value in values {
            if resolution == .bits8 {
                bytes.append(UInt8(truncatingIfNeeded: value))
            } else {
                Self.append(value, to: &bytes)
            }
        }
        return bytes
    }

    /// audiowaveform, too, divides by 256 and drops the remainder.
    private var values: [Int16] {
        let peaks = waveform.peaks.prefix(waveform.pixelCount * 2)
        return resolution == .bits8 ? peaks.map { $0 / 256 } : Array(peaks)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}

extension Waveform {
    /// The same with `samplesPerPixel` samples a pixel; nil where that is finer than was measured, or not a power of
    /// two times it.
    package func zoomed(samplesPerPixel wanted: Int) -> Waveform? {
        guard wanted <= 1 << 40 else { return nil }
        var waveform = self
        while waveform.samplesPerPixel < wanted { waveform = waveform.halved() }
        return waveform.samplesPerPixel == wanted ? waveform : nil
    }
}
