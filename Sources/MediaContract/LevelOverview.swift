/// Minima, maxima and root mean squares of each channel, for drawing a whole track in one picture: few points,
/// whatever its length.
package struct LevelOverview: Sendable, Hashable, Codable {
    /// Samples a channel that a point stands for: 256, or twice that as often as it takes to keep within `pointLimit`.
    /// The last point may stand for fewer.
    package var samplesPerPoint: Int
    /// The first channels in the file's order, at most `channelLimit`, with as many points each.
    package var channels: [Channel]

    /// The most points a channel: as many as a wide screen has pixels.
    package static let pointLimit = 2048
    /// Channels beyond are measured but not drawn: 7.1 is drawn in full.
    package static let channelLimit = 8

    /// The points of one channel in steps of 16 bits.
    package struct Channel: Sendable, Hashable, Codable {
        /// Least sample of each point.
        @PackedSamples package var minima: [Int16]
        /// Greatest sample of each point.
        @PackedSamples package var maxima: [Int16]
        /// Root of the mean square of each point's samples.
        @PackedSamples package var rms: [Int16]

        package init(minima: [Int16] = [], maxima: [Int16] = [], rms: [Int16] = []) {
            self.minima = minima
            self.maxima = maxima
            self.rms = rms
        }
    }

    /// Points a channel.
    package var pointCount: Int { channels.first?.minima.count ?? 0 }

    package init(samplesPerPoint: Int, channels: [Channel]) {
        self.samplesPerPoint = samplesPerPoint
        self.channels = channels
    }
}
