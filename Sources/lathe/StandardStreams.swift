import Glibc

/// Standard input, output and error.
enum StandardStreams {
    /// Opens the null device for each that the caller has closed. The first files opened would otherwise get their
    /// numbers, and what is printed would go into an MP3.
    static func openMissing() {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }
}
