package import MediaContract
package import SystemPackage

extension AudioInspector {
    /// Decodes all of `input` once, counts its samples and measures them.
    ///
    /// - Parameters: as of `inspect`.
    /// - Throws: as `inspect`.
    package static func analyze(
        _ input: FileDescriptor, progress: (Double) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(MediaFailure) -> (inspection: AudioInspection, analysis: AudioAnalysis) {
        var reader = try AudioReader(input, isCancelled: isCancelled)
        var analyzer: AudioAnalyzer?
        let inspection = try reader.decodeAll(isCancelled: isCancelled) { reader, frame throws(MediaFailure) in
            if analyzer == nil { analyzer = try AudioAnalyzer(frame.shape) }
            try analyzer?.add(frame)
            progress(reader.progress)
        }
        guard let analyzer = analyzer.take() else {
            throw MediaFailure(.noSamples, "the file's audio stream holds no samples")
        }
        return (inspection, try analyzer.finish())
    }
}
