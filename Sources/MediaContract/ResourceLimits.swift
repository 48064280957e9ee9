/// What the kernel lets a `lathe-media` process use (setrlimit(2)). They are arguments of its command line, so that
/// they hold before it reads anything.
package struct ResourceLimits: Sendable, Hashable {
    /// Bytes of address space (RLIMIT_AS), threads' stacks and allocation arenas included.
    package var addressSpace: UInt64
    /// Seconds of processor time of all threads (RLIMIT_CPU).
    package var processorSeconds: UInt64
    /// Bytes of the largest file it may write (RLIMIT_FSIZE).
    package var fileSize: UInt64
    /// Descriptors numbered from 0 that it may have open (RLIMIT_NOFILE).
    package var openFiles: UInt64

    package init(addressSpace: UInt64, processorSeconds: UInt64, fileSize: UInt64, openFiles: UInt64) {
        self.addressSpace = addressSpace
        self.processorSeconds = processorSeconds
        self.fileSize = fileSize
        self.openFiles = openFiles
    }

    private static var options: [(name: String, path: WritableKeyPath<ResourceLimits, UInt64>)] {
        [
            ("--address-space", \.addressSpace), ("--processor-seconds", \.processorSeconds),
            ("--file-size", \.fileSize), ("--open-files", \.openFiles),
        ]
    }

    /// As a command line.
    package var arguments: [String] { Self.options.map { "\($0.name)=\(self[keyPath: $0.path])" } }

    /// Reads a command line that ``arguments`` wrote; nil for any other.
    package init?(arguments: some Sequence<String>) {
        self.init(addressSpace: 0, processorSeconds: 0, fileSize: 0, openFiles: 0)
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = UInt64(parts[1]), value > 0,
                let option = Self.options.first(where: { $0.name == parts[0] }), self[keyPath: option.path] == 0
            else { return nil }
            self[keyPath: option.path] = value
        }
        guard Self.options.allSatisfy({ self[keyPath: $0.path] > 0 }) else { return nil }
    }
}
