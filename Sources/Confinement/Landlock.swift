import CConfinement

#if canImport(Glibc)
    import Glibc
#endif

/// The kernel's Landlock: rights that a process gives up for good.
enum Landlock {
    /// Rights to files, directories and devices by the ABI that brought them (`linux/landlock.h`); bit n is the nth
    /// right of LANDLOCK_ACCESS_FS_*. The newest known covers all later ABIs.
    private static func fileRights(abi: Int) -> UInt64 {
        let count =
            switch abi {
            case 1: 13
            case 2: 14  // moving a file into another directory
            case 3, 4: 15  // truncating
            default: 16  // ioctl(2) of devices
            }
        return (1 << UInt64(count)) - 1
    }

    /// LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP, since ABI 4.
    private static func networkRights(abi: Int) -> UInt64 { abi >= 4 ? 0b11 : 0 }

    /// LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and _SIGNAL, since ABI 6.
    private static func scopes(abi: Int) -> UInt64 { abi >= 6 ? 0b11 : 0 }

    /// Gives up every right that this kernel can take away, for every path, port and process: a ruleset without rules.
    /// Descriptors that are open stay as they are.
    ///
    /// - Returns: the ABI and what it covers.
    static func forbidEverything() throws(MissingLayer) -> String {
        let abi = confinement_landlock_abi()
        guard abi >= 1 else {
            throw MissingLayer(
                reason: errno == EOPNOTSUPP ? "switched off when the kernel started" : "not in this kernel")
        }
        var ruleset = confinement_ruleset(
            handled_access_fs: fileRights(abi: abi), handled_access_net: networkRights(abi: abi),
            scoped: scopes(abi: abi))
        let descriptor = unsafe confinement_landlock_create(&ruleset)
        try MissingLayer.check(descriptor)
        defer { close(descriptor) }
        // Landlock's own condition; where the layer of that name is on too, this changes nothing.
        try MissingLayer.check(confinement_prctl(PR_SET_NO_NEW_PRIVS, 1))
        try MissingLayer.check(confinement_landlock_restrict(descriptor))
        let covered = ["files"] + (abi >= 4 ? ["TCP"] : []) + (abi >= 6 ? ["abstract sockets", "signals"] : [])
        return "ABI \(abi): \(covered.joined(separator: ", "))"
    }
}
