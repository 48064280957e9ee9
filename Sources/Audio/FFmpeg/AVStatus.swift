import CFFmpeg
import MediaContract
import SystemPackage

/// The result code of an FFmpeg call: negative is an error, zero or more is success.
struct AVStatus: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    init(rawValue: Int32) { self.rawValue = rawValue }

    init(_ rawValue: Int32) { self.rawValue = rawValue }

    /// `AVERROR(errno)`.
    init(_ errno: Errno) { self.rawValue = -errno.rawValue }

    static let endOfFile = AVStatus(lathe_averror_eof)
    static let invalidData = AVStatus(lathe_averror_invalid_data)
    static let decoderNotFound = AVStatus(lathe_averror_decoder_not_found)
    /// The codec needs more input before it has output, or has output that must be taken first.
    static let tryAgain = AVStatus(.resourceTemporarilyUnavailable)
    static let outOfMemory = AVStatus(.noMemory)

    var isError: Bool { rawValue < 0 }

    /// FFmpeg's own words for the code.
    var text: String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(AV_ERROR_MAX_STRING_SIZE)) { buffer in
            unsafe buffer.initialize(repeating: 0)
            guard let base = buffer.baseAddress, unsafe av_strerror(rawValue, base, buffer.count) == 0 else {
                return "error \(rawValue)"
            }
            return unsafe String(cString: base)
        }
    }
}

extension MediaFailure {
    /// A failure of the library that says nothing about the file.
    ///
    /// - Parameter action: what could not be done, as the rest of "could not …".
    static func library(_ action: String, _ status: AVStatus = .outOfMemory) -> MediaFailure {
        let detail = LogCapture.takeLastError() ?? status.text
        return MediaFailure(.library, "could not \(action): \(detail)")
    }
}

/// Throws `MediaFailure.library` when `code` is an error, and returns it otherwise.
@discardableResult
func check(_ code: Int32, _ action: @autoclosure () -> String) throws(MediaFailure) -> Int32 {
    guard code >= 0 else { throw .library(action(), AVStatus(code)) }
    return code
}
