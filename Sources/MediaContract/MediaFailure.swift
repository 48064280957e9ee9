/// Why a media file could not be inspected or transcoded.
package struct MediaFailure: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// What kind of failure it was, so that the caller can tell a broken file from a full disk.
    package enum Kind: String, Sendable, Hashable, Codable {
        /// The file has no bytes.
        case emptyFile
        /// The bytes are no format that is accepted here (text, an image where audio was expected, …).
        case unsupportedFormat
        /// The format is known and the data is damaged or ends early.
        case corrupt
        /// A readable container without an audio stream.
        case noAudioStream
        /// An audio stream that decodes to no sample.
        case noSamples
        /// The output did not decode back to the samples that went in.
        case verificationFailed
        /// The disk under the output is full.
        case diskFull
        /// Reading or writing failed otherwise.
        case inputOutput
        /// The caller cancelled.
        case cancelled
        /// The media process was killed by a signal or exited without an answer.
        case processDied
        /// The media process could not be started.
        case processNotStarted
        /// The library failed in a way that says nothing about the file: out of memory, a missing encoder.
        case library
    }

    package var kind: Kind
    /// One sentence an operator can act on, without a trailing period.
    package var message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// Doing the same again with the same file cannot succeed.
    package var isPermanent: Bool {
        switch kind {
        case .emptyFile, .unsupportedFormat, .corrupt, .noAudioStream, .noSamples: true
        case .verificationFailed, .diskFull, .inputOutput, .cancelled, .processDied, .processNotStarted, .library: false
        }
    }

    package var description: String { message }
}
