import CConfinement
import CSeccomp

#if canImport(Glibc)
    import Glibc
#endif

/// A seccomp filter; owns libseccomp's context of it.
@safe
struct SystemCallFilter: ~Copyable {
    private let context: scmp_filter_ctx

    /// Holds the calling thread, and all it starts, to the rules. A forbidden call is named on standard error and ends
    /// the process by SIGSYS.
    ///
    /// - Returns: how many system calls are left.
    static func load() throws(MissingLayer) -> String {
        let filter = try SystemCallFilter()
        try filter.configure()
        let allowed = try filter.add(SystemCallRule.all)
        reportViolations()
        try filter.load()
        return "\(allowed) system calls allowed"
    }

    private init() throws(MissingLayer) {
        // Trapped rather than killed, so that the call can be named. The handler cannot be replaced, since sigaction(2)
        // is no longer possible, and a blocked SIGSYS kills as well.
        guard let context = unsafe seccomp_init(seccomp_action_trap) else {
            throw MissingLayer(reason: "libseccomp could not be set up")
        }
        unsafe self.context = unsafe context
    }

    private borrowing func configure() throws(MissingLayer) {
        // System calls of another architecture, numbered differently, have no business here.
        try Self.check(unsafe seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, seccomp_action_kill_process))
        // A binary tree instead of a list: a futex is not looked for behind forty other calls.
        try Self.check(unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2))
    }

    deinit { unsafe seccomp_release(context) }

    /// - Returns: how many of the calls exist on this architecture and are allowed.
    private borrowing func add(_ rules: [SystemCallRule]) throws(MissingLayer) -> Int {
        var allowed = 0
        for rule in rules {
            let number = unsafe seccomp_syscall_resolve_name(rule.name)
            // Negative: not on this architecture, or newer than the installed libseccomp.
            guard number >= 0 else { continue }
            let conditions = rule.conditions.map {
                scmp_arg_cmp(arg: $0.argument, op: SCMP_CMP_MASKED_EQ, datum_a: $0.mask, datum_b: $0.value)
            }
            let action: UInt32
            switch rule.verdict {
            case .allowed:
                action = seccomp_action_allow
                allowed += 1
            case .refused(let error): action = seccomp_action_errno(UInt16(error))
            }
            try Self.check(
                unsafe seccomp_rule_add_array(context, action, number, UInt32(conditions.count), conditions))
        }
        return allowed
    }

    private borrowing func load() throws(MissingLayer) {
        try Self.check(unsafe seccomp_load(context))
    }

    /// Every number up to here is looked up; the kernel's own are below 500.
    private static let numbers = 512

    /// Names are looked up now: the handler may not call libseccomp, which allocates.
    private static func reportViolations() {
        let size = Int(CONFINEMENT_NAME_SIZE)
        let names = UnsafeMutableBufferPointer<CChar>.allocate(capacity: numbers * size)
        unsafe names.initialize(repeating: 0)
        for number in 0..<numbers {
            guard let name = unsafe seccomp_syscall_resolve_num_arch(seccomp_arch_native(), CInt(number)) else {
                continue
            }
            for (offset, byte) in unsafe String(cString: name).utf8.prefix(size - 1).enumerated() {
                unsafe names[number * size + offset] = CChar(bitPattern: byte)
            }
            unsafe free(name)
        }
        guard let base = names.baseAddress else { return }
        unsafe confinement_report_forbidden_calls(base, numbers)
    }

    /// libseccomp returns the negative of an errno.
    private static func check(_ result: CInt) throws(MissingLayer) {
        guard result < 0 else { return }
        throw MissingLayer(errorNumber: -result)
    }
}
