import CConfinement
package import MediaContract

#if canImport(Glibc)
    import Glibc
#endif

/// Takes from the calling process what parsing a hostile file does not need. There is no way back.
package enum Confinement {
    /// Confines the process, which must have one thread: most layers hold a thread and those it starts.
    ///
    /// What libraries do once and late, and could not do under the layers, is done here before.
    ///
    /// - Parameter layers: Those to take on; all, but in a test.
    /// - Returns: Which are on. A kernel that lacks one is no error: the others hold without it.
    package static func apply(
        _ limits: ResourceLimits, layers: Set<ConfinementReport.Layer> = Set(ConfinementReport.Layer.allCases)
    ) -> ConfinementReport {
        prepareThreads()
        confinement_report_exhaustion()
        var states: [ConfinementReport.State] = []
        for layer in ConfinementReport.Layer.allCases where layers.contains(layer) {
            do throws(MissingLayer) {
                states.append(.init(layer, isOn: true, try take(on: layer, limits)))
            } catch {
                states.append(.init(layer, isOn: false, error.reason))
            }
        }
        return ConfinementReport(states: states)
    }

    /// - Returns: what it is made of here.
    private static func take(
        on layer: ConfinementReport.Layer, _ limits: ResourceLimits
    ) throws(MissingLayer) -> String {
        switch layer {
        case .resourceLimits:
            try limits.apply()
            return ""
        case .noNewPrivileges:
            try MissingLayer.check(confinement_prctl(PR_SET_NO_NEW_PRIVS, 1))
            return ""
        case .notDumpable:
            try MissingLayer.check(confinement_prctl(PR_SET_DUMPABLE, 0))
            return ""
        case .landlock: return try Landlock.forbidEverything()
        case .seccomp: return try SystemCallFilter.load()
        }
    }

    /// Arenas of the allocator: each reserves 64 MiB of address space, and there would be up to eight a core.
    private static let arenas: CInt = 8
    /// Bytes of a thread's stack: Linux' usual default, whatever limit of it this process inherited.
    private static let stackSize = 8 << 20

    /// Bounds what a thread costs, and has the first one do what none can do later.
    private static func prepareThreads() {
        mallopt(M_ARENA_MAX, arenas)
        confinement_set_stack_size(stackSize)
        confinement_start_first_thread()
    }
}

/// Why the kernel does not provide a layer.
struct MissingLayer: Error {
    let reason: String

    /// - Parameter result: of a function that returns −1 and sets errno when it fails.
    static func check(_ result: CInt) throws(MissingLayer) {
        guard result < 0 else { return }
        throw MissingLayer(errorNumber: errno)
    }

    init(reason: String) {
        self.reason = reason
    }

    init(errorNumber: CInt) {
        reason = unsafe String(cString: strerror(errorNumber))
    }
}
