import CConfinement

#if canImport(Glibc)
    import Glibc
#endif

/// What becomes of one system call.
struct SystemCallRule {
    enum Verdict {
        case allowed
        /// It fails with this error instead of ending the process.
        case refused(CInt)
    }

    /// Has to hold of an argument: its bits under `mask` are `value`.
    struct Condition {
        let argument: UInt32
        let mask: UInt64
        let value: UInt64

        static func equals(_ argument: UInt32, _ value: UInt64) -> Condition {
            Condition(argument: argument, mask: .max, value: value)
        }
    }

    let name: String
    let verdict: Verdict
    let conditions: [Condition]

    init(_ name: String, _ verdict: Verdict = .allowed, where conditions: Condition...) {
        self.name = name
        self.verdict = verdict
        self.conditions = conditions
    }
}

extension SystemCallRule {
    /// All that decoding and encoding open files takes, by reason. Whatever is not here ends the process.
    static let all = conversation + files + memory + threads + time + endings + probes

    /// The socket is descriptor 0; requests, answers and descriptors cross nowhere else.
    private static let conversation = [
        SystemCallRule("recvmsg", where: .equals(0, 0)), SystemCallRule("sendmsg", where: .equals(0, 0)),
        SystemCallRule("poll"), SystemCallRule("ppoll"),
    ]

    /// Descriptors that were handed over, and the line on standard error.
    private static let files = ["read", "pread64", "write", "pwrite64", "lseek", "fstat", "ftruncate", "close"]
        .map { SystemCallRule($0) }

    /// Memory that can hold code cannot be made: nothing is loaded any more.
    private static let memory = [
        SystemCallRule("brk"), SystemCallRule("munmap"), SystemCallRule("mremap"), SystemCallRule("madvise"),
        SystemCallRule("mmap", where: .notExecutable), SystemCallRule("mprotect", where: .notExecutable),
    ]

    /// Threads of this process. clone3(2) keeps its flags in memory, where no filter sees them; told that it does not
    /// exist, the C library takes clone(2), whose flags are an argument.
    private static let threads = [
        SystemCallRule("clone", where: .isThread), SystemCallRule("clone3", .refused(ENOSYS)),
        SystemCallRule("futex"), SystemCallRule("set_robust_list"), SystemCallRule("rseq"),
        SystemCallRule("gettid"), SystemCallRule("getpid"), SystemCallRule("sched_yield"),
        // The allocator asks for the number of processors.
        SystemCallRule("sched_getaffinity"),
        SystemCallRule("prctl", where: .equals(0, UInt64(PR_SET_NAME))),
        SystemCallRule("rt_sigprocmask"),
        // Dispatch sets the priority of each of its threads to what it is, and logs where it may not.
        SystemCallRule("setpriority", where: .equals(0, UInt64(PRIO_PROCESS.rawValue)), .equals(1, 0)),
    ]

    /// Clocks, where the kernel does not answer in user space, and randomness for hash tables.
    private static let time = ["clock_gettime", "gettimeofday", "clock_nanosleep", "nanosleep", "getrandom"]
        .map { SystemCallRule($0) }

    /// Ends of threads and of the process; a signal to itself is how a crash ends it.
    private static let endings = [
        SystemCallRule("exit"), SystemCallRule("exit_group"), SystemCallRule("rt_sigreturn"),
        SystemCallRule("restart_syscall"), SystemCallRule("tgkill", where: .equals(0, UInt64(getpid()))),
    ]

    /// Asked by a library that does without the answer: sorting would like to know how much memory the machine has.
    private static let probes = [SystemCallRule("sysinfo", .refused(EPERM))]
}

extension SystemCallRule.Condition {
    /// mmap(2) and mprotect(2): the protection is the third argument.
    fileprivate static let notExecutable = Self(argument: 2, mask: UInt64(PROT_EXEC), value: 0)

    /// clone(2): a thread that shares all that threads share, and nothing else but how its end is told.
    fileprivate static let isThread: Self = {
        let shared = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
        let free = CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED
        return Self(argument: 0, mask: ~UInt64(free), value: UInt64(shared))
    }()
}
