package import MediaContract

extension ResourceLimits {
    /// What the longest honest file takes, several times over.
    ///
    /// - 4 GiB of address space: 64 threads peak at 1.3, whatever the length, of which three quarters are reserved and
    ///   never touched; the largest picture takes 0.8.
    /// - Two hours of processor time: a day of audio encodes in half an hour.
    /// - 4 GiB of output: a day at 320 kbps is 3.5 GB.
    /// - 16 descriptors: 3 standard streams and 3 files.
    package static let generous = ResourceLimits(
        addressSpace: 4 << 30, processorSeconds: 2 * 3600, fileSize: 4 << 30, openFiles: 16)
}
