import MediaContract

#if canImport(Glibc)
    import Glibc
#endif

extension ResourceLimits {
    /// Seconds between SIGXCPU and the SIGKILL that follows where it was survived.
    private static let grace: UInt64 = 5

    /// Holds the calling process to these limits, of which none can be raised again, and forbids core dumps, which
    /// would hold an artist's unreleased music.
    func apply() throws(MissingLayer) {
        try Self.limit(RLIMIT_CORE, 0)
        try Self.limit(RLIMIT_NOFILE, openFiles)
        try Self.limit(RLIMIT_FSIZE, fileSize)
        try Self.limit(RLIMIT_CPU, processorSeconds, hard: processorSeconds + Self.grace)
        try Self.limit(RLIMIT_AS, addressSpace)
    }

    /// Sets a limit unless the process was born with a lower one.
    private static func limit(
        _ resource: __rlimit_resource, _ value: UInt64, hard: UInt64? = nil
    ) throws(MissingLayer) {
        var current = rlimit()
        try MissingLayer.check(unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &current))
        let ceiling = min(UInt64(current.rlim_max), hard ?? value)
        var wanted = rlimit(rlim_cur: rlim_t(min(value, ceiling)), rlim_max: rlim_t(ceiling))
        try MissingLayer.check(unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &wanted))
    }
}
