import MediaContract
import Subprocess

/// The end of what a process writes on standard error, which is where a dying one says why.
enum LastWords {
    /// Bytes kept while reading, so that a process that never stops writing costs no memory.
    private static let keptBytes = 4096
    /// Characters of a line or message that go into an error.
    fileprivate static let shownCharacters = 300

    /// Reads to the end and returns the last line that is not blank, printable and shortened.
    static func read(_ output: SubprocessOutputSequence) async -> String {
        var tail: [UInt8] = []
        do {
            for try await buffer in output {
                unsafe buffer.withUnsafeBytes { tail += unsafe $0.suffix(keptBytes) }
                tail.removeFirst(max(0, tail.count - keptBytes))
            }
        } catch {
            // The pipe failed or the process was killed meanwhile: what has arrived until then is the answer.
        }
        let lines = String(decoding: tail, as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)?.plainLine ?? ""
    }
}

extension String {
    /// One short line without control characters: what an untrusted process says must not forge log lines or drive
    /// a terminal.
    var plainLine: String {
        let printable = unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: " " as Character
            default: Character(scalar)
            }
        }
        return String(printable.prefix(LastWords.shownCharacters))
    }
}

extension MediaFailure {
    /// The same failure with a message that is safe to log.
    var withPlainMessage: MediaFailure { MediaFailure(kind, message.plainLine) }
}
