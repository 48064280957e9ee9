import CFFmpeg
import MediaContract

/// A stretch of the track in the encoder's shape, to be encoded by one thread and, at its start, by the one before too.
final class Segment: Sendable {
    /// Position among the track's segments, from 0.
    let index: Int
    /// The encoder's first frame in it, counted from the start of the track.
    let firstFrame: Int
    let sampleCount: Int
    /// Made by the encoder that the segment was handed out to.
    let run: EncodedRun
    private let samples: SampleQueue

    init(index: Int, firstFrame: Int, samples: consuming SampleQueue, sampleCount: Int, run: EncodedRun) {
        self.index = index
        self.firstFrame = firstFrame
        self.samples = samples
        self.sampleCount = sampleCount
        self.run = run
    }

    /// Copies up to `count` samples from `offset` on into `frame`.
    ///
    /// - Throws: `library` when memory runs out.
    func copy(from offset: Int, count: Int, into frame: borrowing Frame) throws(MediaFailure) {
        try samples.copy(from: offset, count: min(count, sampleCount - offset), into: frame)
    }
}

/// Decodes a master, brings it into the encoder's shape, and hands it out in segments to threads that ask.
///
/// `@unchecked Sendable`: it is the only owner of its handles, none of which is bound to a thread, and is used through
/// a lock.
struct SegmentSource: ~Copyable, @unchecked Sendable {
    private var reader: AudioReader
    private let converter: SampleConverter
    private let plan: SegmentPlan
    private let frameSize = MP3Encoder.samplesPerFrame
    private let filler: FillerBits
    private let converted: Frame
    /// Samples in `converted` that belong to the next segment.
    private var carried: Int
    private var sampleFrames: Int64 = 0
    private var segmentCount = 0
    /// Segments that a thread behind them may still come to.
    private var segments: [Segment] = []
    /// The segment each thread is in.
    private var positions: [Int: Int] = [:]
    /// What the master was found to be, once all of it was decoded.
    private(set) var inspection: AudioInspection?
    /// Measures every sample that is decoded, before it is converted.
    let analysis: AnalysisLane?

    /// Decodes the first samples, which tell the shape.
    ///
    /// - Throws: as `AudioReader.decodeNext`; `noSamples`; `unsupportedFormat` when the channels cannot be mixed down.
    init(
        _ reader: consuming AudioReader, threads: Int, analyzes: Bool, isCancelled: () -> Bool
    ) throws(MediaFailure) {
        var reader = reader
        guard try reader.decodeNext(isCancelled: isCancelled) else {
            _ = try reader.conclude()
            throw MediaFailure(.noSamples, "the file's audio stream holds no samples")
        }
        let analysis =
            analyzes ? try AnalysisLane(AudioAnalyzer(reader.frame.shape), onThreadOfItsOwn: threads > 1) : nil
        try analysis?.add(reader.frame)
        let converter = try SampleConverter(from: reader.frame.shape)
        let converted = try Frame()
        let carried = try converter.convert(reader.frame, into: converted)
        let output = converter.output
        let frameSize = MP3Encoder.samplesPerFrame
        let expected = reader.declaredSampleFrames.map {
            RateTable.outputCount($0, from: converter.input.sampleRate, to: output.sampleRate) / Int64(frameSize)
        }
        plan = SegmentPlan(
            threads: threads, frames: expected.flatMap { Int(exactly: $0) },
            bytesPerFrame: frameSize * output.channels * output.bytesPerSample)
        filler = FillerBits(text: Array("LAME\(AudioLibrary.lameVersion)".utf8))
        self.reader = reader
        self.converter = converter
        self.converted = converted
        self.carried = carried
        self.analysis = analysis
    }

    /// Samples per channel that a gapless player gets out of the MP3; nil until all of the master was decoded.
    var total: Int64? {
        inspection.map {
            RateTable.outputCount($0.sampleFrames, from: converter.input.sampleRate, to: converter.output.sampleRate)
        }
    }

    var outputShape: SampleShape { converter.output }

    /// How many MP3 frames the track will have, going by the part of the file that was read so far.
    var framesExpected: Double { Double(sampleFrames) / Double(frameSize) / max(reader.progress, 0.001) }

    /// Samples per channel that were handed out; of the whole track once `inspection` is there.
    var sampleFramesHandedOut: Int64 { sampleFrames }

    /// What the conversion changes, in sentences for the report.
    var warnings: [String] {
        var warnings: [String] = []
        let (input, output) = (converter.input, converter.output)
        if converter.resamples {
            warnings.append("resampled from \(input.sampleRate) to \(output.sampleRate) Hz")
        }
        if converter.downmixes {
            let rest = input.layout.hasLowFrequencyEffects ? ", without the LFE channel" : ""
            warnings.append("mixed down from \(input.layout.name) (\(input.channels) channels) to stereo\(rest)")
        }
        return warnings
    }

    /// The next segment that nobody has, for an encoder that begins there; nil at the end of the track.
    ///
    /// - Parameter thread: the number of the thread that asks.
    /// - Throws: as `AudioReader.decodeNext` and `AudioReader.conclude`, `library`.
    mutating func claim(by thread: Int, isCancelled: () -> Bool) throws(MediaFailure) -> Segment? {
        let run = EncodedRun(
            firstFrame: segmentCount * plan.framesPerSegment, channels: converter.output.channels, filler: filler)
        return try decodeSegment(for: run, by: thread, isCancelled: isCancelled)
    }

    /// The segment after `segment` for an encoder that comes out of it: another's when it was handed out already. Nil
    /// at the end of the track.
    ///
    /// - Throws: as `claim`.
    mutating func segment(
        after segment: Segment, for run: EncodedRun, by thread: Int, isCancelled: () -> Bool
    ) throws(MediaFailure) -> Segment? {
        if let next = segments.first(where: { $0.index == segment.index + 1 }) {
            move(thread, to: next.index)
            return next
        }
        return try decodeSegment(for: run, by: thread, isCancelled: isCancelled)
    }

    /// The thread's encoder is done; it may ask for another segment.
    mutating func leave(_ thread: Int) {
        positions[thread] = nil
    }

    /// Nobody goes back, so a segment is only kept for threads that are behind it.
    private mutating func move(_ thread: Int, to index: Int) {
        positions[thread] = index
        let hindmost = positions.values.min() ?? index
        segments.removeAll { $0.index <= hindmost }
    }

    private mutating func decodeSegment(
        for run: EncodedRun, by thread: Int, isCancelled: () -> Bool
    ) throws(MediaFailure) -> Segment? {
        let wanted = plan.framesPerSegment * frameSize
        let samples = try SampleQueue(converter.output, capacity: wanted + frameSize)
        if carried > 0 { try samples.append(converted, count: carried) }
        carried = 0
        while samples.count < wanted, inspection == nil {
            if try reader.decodeNext(isCancelled: isCancelled) {
                try analysis?.add(reader.frame)
                try append(reader.frame, to: samples)
            } else {
                try finish(into: samples)
            }
        }
        let usable = total.map { min(samples.count, Int($0 - sampleFrames)) } ?? samples.count
        let count = min(usable, wanted)
        guard count > 0 else { return nil }
        carried = usable - count
        if carried > converted.sampleCount { try converted.allocate(converter.output, capacity: carried) }
        if carried > 0 { try samples.copy(from: count, count: carried, into: converted) }
        let segment = Segment(
            index: segmentCount, firstFrame: segmentCount * plan.framesPerSegment, samples: samples,
            sampleCount: count, run: run)
        segmentCount += 1
        sampleFrames += Int64(count)
        segments.append(segment)
        move(thread, to: segment.index)
        return segment
    }

    private func append(_ frame: borrowing Frame, to samples: borrowing SampleQueue) throws(MediaFailure) {
        let count = try converter.convert(frame, into: converted)
        if count > 0 { try samples.append(converted, count: count) }
    }

    /// The resampler holds back the samples whose neighbours it has not seen. Silence after the end brings them out,
    /// exactly as many as are due.
    private mutating func finish(into samples: borrowing SampleQueue) throws(MediaFailure) {
        let inspection = try reader.conclude()
        self.inspection = inspection
        guard converter.resamples, let total else { return }
        let due = Int(total - sampleFrames)
        let silence = try Frame()
        try silence.allocate(converter.input, capacity: 4096)
        var rounds = 0
        while samples.count < due {
            // Two seconds of silence at the highest rate are far more than any filter's delay.
            guard rounds < 500 else { throw MediaFailure(.library, "the resampler holds samples back") }
            try append(silence, to: samples)
            rounds += 1
        }
    }
}
