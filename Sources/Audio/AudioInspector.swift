package import MediaContract
package import SystemPackage

/// Finds out what an audio file is by decoding it.
package enum AudioInspector {
    /// Decodes all of `input` and counts its samples.
    ///
    /// - Parameters:
    ///   - input: a readable regular file; its offset does not matter and is left as it was.
    ///   - progress: called for every frame with 0…1.
    ///   - isCancelled: asked before every packet.
    /// - Throws: `emptyFile`, `unsupportedFormat`, `corrupt`, `noAudioStream`, `noSamples`, `inputOutput`, `library`,
    ///   `cancelled`. A header that does not state its length, or claims less than there is, is a warning and not an
    ///   error.
    package static func inspect(
        _ input: FileDescriptor, progress: (Double) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws(MediaFailure) -> AudioInspection {
        var reader = try AudioReader(input, isCancelled: isCancelled)
        return try reader.decodeAll(isCancelled: isCancelled) { reader, _ in progress(reader.progress) }
    }
}
