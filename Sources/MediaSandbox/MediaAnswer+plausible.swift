import MediaContract

extension MediaAnswer {
    /// The answer fits the request and its numbers are such as a real file can have.
    ///
    /// The process that sent it has parsed hostile bytes and may be under their control: arithmetic on what it claims
    /// must not trap here, and nothing it may not decide may reach the caller.
    func isPlausible(for request: MediaRequest) -> Bool {
        switch (self, request) {
        case (.audio(let inspection), .inspectAudio): inspection.isPlausible
        case (.analyzed(let inspection, let analysis), .analyzeAudio):
            inspection.isPlausible && analysis.isPlausible(for: inspection)
        case (.image(let inspection), .inspectImage): inspection.isPlausible
        case (.transcoded(let report), .transcode(let profile, _, _, _, let analyzes)):
            report.profile == profile && report.isPlausible && (report.analysis != nil) == analyzes
        case (.versions(let versions), .versions): versions.isPlainLine
        case (.failure(let failure), _): failure.isForTheProcessToDecide
        default: false
        }
    }
}

/// Sample frames per second: from 1 to what no accepted format exceeds (FLAC ends at 1,048,575 Hz, RFC 9639 §9.1.2).
private let sampleRates = 1...1_048_575
/// FFmpeg has no layout with more channels than bits in its mask.
private let channelCounts = 1...64
/// A hundred days at 1,048,575 Hz; far below where `Int(duration)` could overflow.
private let sampleFrameCounts: ClosedRange<Int64> = 0...(1 << 43)

/// The container becomes part of an object's key.
private let containers: Set<String> = [
    "wav", "aiff", "flac", "m4a", "mp3", "ogg", "opus", "caf", "wv", "tta", "ape", "dsf", "wma",
]

extension String {
    /// One short line of printable text, as it may go to a terminal, a log or a row.
    fileprivate var isPlainLine: Bool { utf8.count <= 1000 && plainLine == self }
}

extension ConfinementReport {
    /// It is said before the process has seen a file, and yet goes to a log.
    var isPlausible: Bool { states.count <= Layer.allCases.count && states.allSatisfy(\.detail.isPlainLine) }
}

extension [String] {
    fileprivate var arePlausible: Bool { count <= 64 && allSatisfy(\.isPlainLine) }
}

extension AudioInspection {
    fileprivate var isPlausible: Bool {
        sampleRates.contains(format.sampleRate) && channelCounts.contains(format.channels)
            && sampleFrameCounts.contains(sampleFrames) && (0...64).contains(format.bitsPerSample ?? 0)
            && containers.contains(format.container) && warnings.arePlausible
            && format.codec.isPlainLine && format.channelLayout.isPlainLine
    }
}

extension TranscodeReport {
    fileprivate var isPlausible: Bool {
        source.isPlausible && sampleRates.contains(sampleRate) && channelCounts.contains(channels)
            && sampleFrameCounts.contains(sampleFrames) && bytes > 0
            && encoder.isPlainLine && warnings.arePlausible && parallelism.isPlausible
            && analysis?.isPlausible(for: source) ?? true
    }
}

extension Parallelism {
    fileprivate var isPlausible: Bool {
        [threads, seams, extensions, serialFallbacks, framesEncodedTwice].allSatisfy { (0...(1 << 43)).contains($0) }
    }
}

extension ImageInspection {
    /// 65,535 pixels is the longest side JPEG can declare (ITU-T T.81 B.2.2); PNG and WebP are held to the same.
    fileprivate var isPlausible: Bool {
        (1...65_535).contains(width) && (1...65_535).contains(height)
    }
}

extension MediaFailure {
    /// The process may judge the file and its own work; whether it was cancelled, died or started is known here.
    fileprivate var isForTheProcessToDecide: Bool {
        switch kind {
        case .cancelled, .processDied, .processNotStarted: false
        case .emptyFile, .unsupportedFormat, .corrupt, .noAudioStream, .noSamples, .verificationFailed, .diskFull,
            .inputOutput, .library:
            true
        }
    }
}
