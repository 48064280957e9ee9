/// Minima and maxima of the audio mixed to mono, for drawing, in the meaning of BBC audiowaveform: a pixel holds the
/// least and the greatest sample among as many as `samplesPerPixel`, in 16 bits.
package struct Waveform: Sendable, Hashable, Codable {
    /// Sample frames per second.
    package var sampleRate: Int
    /// 256, or twice that as often as it takes to keep within `pixelLimit`.
    package var samplesPerPixel: Int
    /// Minimum and maximum of each pixel in turn; the last pixel may stand for fewer samples.
    @PackedSamples package var peaks: [Int16]

    /// The most pixels at the finest zoom: 6 minutes at 44.1 kHz with 256 samples each.
    package static let pixelLimit = 65_536
    package static let finestZoom = 256

    package init(sampleRate: Int, samplesPerPixel: Int, peaks: [Int16]) {
        self.sampleRate = sampleRate
        self.samplesPerPixel = samplesPerPixel
        self.peaks = peaks
    }

    package var pixelCount: Int { peaks.count / 2 }

    /// The same with two pixels made one: exactly what measuring with twice the samples a pixel gives.
    package func halved() -> Waveform {
        var merged: [Int16] = []
        merged.reserveCapacity((peaks.count + 2) / 4 * 2)
        for left in stride(from: 0, to: peaks.count - 1, by: 4) {
            let right = left + 2 < peaks.count ? left + 2 : left
            merged.append(min(peaks[left], peaks[right]))
            merged.append(max(peaks[left + 1], peaks[right + 1]))
        }
        return Waveform(sampleRate: sampleRate, samplesPerPixel: samplesPerPixel * 2, peaks: merged)
    }

    /// The finest zoom that has no more than `limit` pixels.
    package func zoomed(toAtMost limit: Int) -> Waveform {
        var waveform = self
        while waveform.pixelCount > max(1, limit) { waveform = waveform.halved() }
        return waveform
    }
}
