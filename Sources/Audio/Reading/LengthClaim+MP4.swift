import CFFmpeg

extension LengthClaim {
    /// What an M4A says of its length: iTunes' gapless comment, or else the edit list, or else the media header.
    ///
    /// - Parameter gaplessComment: the file's `iTunSMPB` field.
    init(mp4 stream: StreamDescription, _ edit: MP4Edit?, gaplessComment: String?, codec: String) {
        // AAC comes in whole blocks, of two halves where the upper bands are synthesised (HE-AAC).
        let block: Int64 = codec == "aac" ? 2048 : 0
        if codec == "aac", let samples = gaplessComment.flatMap(Self.gaplessSamples) {
            self.init(samples: samples, trimsEnd: true, tolerance: block)
            return
        }
        let timeScale = Int64(stream.timeBase.den)
        guard let duration = stream.duration, duration > 0, stream.sampleRate > 0, timeScale > 0,
            stream.timeBase.num == 1
        else {
            self.init()
            return
        }
        let rate = Int64(stream.sampleRate)
        let isExact = rate % timeScale == 0
        self.init(
            samples: av_rescale(duration, rate, timeScale), countsDelay: true, trimsEnd: codec == "aac" && isExact,
            tolerance: isExact ? block : block + rate / timeScale + 1)
        // libavformat has the decoder skip the start for AAC alone.
        skipsStart = codec == "alac"
        if let edit { shorten(to: edit, mediaSamples: av_rescale(duration - edit.mediaStart, rate, timeScale), rate) }
    }

    /// The edit list ends the sound before the media ends; by less than its resolution means at the end of the media.
    private mutating func shorten(to edit: MP4Edit, mediaSamples: Int64, _ rate: Int64) {
        guard let seconds = edit.seconds, seconds < Double(mediaSamples) / Double(rate) - edit.tick else { return }
        samples = Int64((seconds * Double(rate)).rounded())
        countsDelay = false
        trimsEnd = true
    }

    /// The comment iTunes writes: hexadecimal numbers, the second encoder delay, the third padding, the fourth the
    /// count of samples between them.
    static func gaplessSamples(_ comment: String) -> Int64? {
        let numbers = comment.split(separator: " ").map { Int64($0, radix: 16) }
        guard numbers.count >= 4, let samples = numbers[3], samples > 0 else { return nil }
        return samples
    }
}
