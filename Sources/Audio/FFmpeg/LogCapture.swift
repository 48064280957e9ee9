import CFFmpeg
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Keeps FFmpeg's log off standard error and remembers the last error line for failure messages.
///
/// FFmpeg's log callback is one per process and carries no user pointer, so lines are kept by thread: the codecs here
/// run with one thread each, on the thread that calls them.
enum LogCapture {
    /// Longest line kept, in bytes.
    private static let lineCapacity = 512

    /// In the line that libavformat logs when a file holds more streams than `max_streams`.
    static let streamLimit = "max_streams"

    /// In the line that libavformat logs when a file ends inside what its header holds for the codec.
    static let missingExtradata = "Failed to read extradata"

    private static let lastErrors = Mutex<[UInt: String]>([:])

    /// Installs the callback once per process.
    static let install: Void = unsafe av_log_set_callback { source, level, format, arguments in
        guard level <= AV_LOG_ERROR, let format = unsafe format, let arguments = unsafe arguments else { return }
        unsafe LogCapture.record(source, level, format, arguments)
    }

    /// Forgets what this thread's earlier calls logged.
    static func reset() {
        _ = takeLastError()
    }

    /// The last error line logged on this thread, and forgets it.
    static func takeLastError() -> String? {
        let thread = currentThread
        return lastErrors.withLock { $0.removeValue(forKey: thread) }
    }

    private static var currentThread: UInt { UInt(pthread_self()) }

    private static func record(
        _ source: UnsafeMutableRawPointer?, _ level: Int32, _ format: UnsafePointer<CChar>, _ arguments: CVaListPointer
    ) {
        let line = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: lineCapacity) { buffer -> String in
            unsafe buffer.initialize(repeating: 0)
            guard let base = buffer.baseAddress else { return "" }
            var printsPrefix: Int32 = 0
            unsafe av_log_format_line2(
                nil, level, format, arguments, base, Int32(buffer.count), &printsPrefix)
            return unsafe String(cString: base)
        }
        let words = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else { return }
        let thread = currentThread
        lastErrors.withLock { lines in
            // What is said after a limit was met only tells what came of it.
            guard lines[thread]?.contains(streamLimit) != true else { return }
            lines[thread] = words
        }
    }
}
