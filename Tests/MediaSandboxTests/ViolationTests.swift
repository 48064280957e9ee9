import Glibc
import MediaContract
import Subprocess
import SystemPackage
import Testing

/// Each layer alone against what it is there to stop, so that none hides another's failure.
@Suite(.timeLimit(.minutes(5))) struct ViolationTests {
    private let violator: Violator

    init() throws {
        violator = Violator(folder: try TemporaryFolder())
        let there = try violator.folder.output(name: "there")
        try there.close()
    }

    @Test(
        "seccomp alone ends the process and names the call",
        .enabled("this kernel has no seccomp filters") { try await Violator.kernelOffers("seccomp") },
        arguments: [
            ("open-file", "openat"), ("list-folder", "openat"), ("create-file", "openat"), ("remove-file", "unlinkat"),
            ("truncate-file", "truncate"), ("change-folder", "chdir"), ("run-program", "execve"), ("fork", "clone"),
            ("clone-with-namespace", "clone"), ("connect-tcp", "socket"), ("listen-tcp", "socket"),
            ("connect-abstract", "socket"), ("send-elsewhere", "sendmsg"), ("trace-parent", "ptrace"),
            ("read-parent", "process_vm_readv"), ("signal-parent", "kill"), ("signal-thread-of-parent", "tgkill"),
            ("make-code", "mmap"), ("turn-into-code", "mprotect"), ("replace-handler", "rt_sigaction"),
            ("make-dumpable", "prctl"), ("raise-limit", "prlimit64"), ("use-ring", "io_uring_setup"),
            ("load-program", "bpf"), ("handle-faults", "userfaultfd"), ("read-keys", "keyctl"), ("mount", "mount"),
            ("unshare-user", "unshare"), ("become-root", "setuid"), ("hide-file", "memfd_create"),
            ("duplicate-descriptors", "dup"),
        ])
    func seccomp(violation: String, call: String) async throws {
        let outcome = try await violator.commit(violation, under: [.seccomp])
        #expect(outcome.status == .signaled(SIGSYS))
        #expect(outcome.errors.hasPrefix("forbidden system call "), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix(" (\(call))\n"), "\(outcome.errors)")
    }

    @Test(
        "Landlock alone refuses files and programs",
        .enabled("this kernel has no Landlock") { try await Violator.kernelOffers("Landlock") },
        arguments: ["open-file", "list-folder", "create-file", "remove-file", "run-program"])
    func landlock(violation: String) async throws {
        let outcome = try await violator.commit(violation, under: [.landlock])
        #expect(outcome.status == .exited(EACCES))
    }

    @Test(
        "Landlock alone refuses to touch another process",
        .enabled("this kernel has no Landlock") { try await Violator.kernelOffers("Landlock") },
        arguments: ["trace-parent", "read-parent"])
    func landlockProcesses(violation: String) async throws {
        #expect(try await violator.commit(violation, under: [.landlock]).status == .exited(EPERM))
    }

    @Test(
        "Landlock alone refuses TCP",
        .enabled("this kernel's Landlock knows no TCP") { try await Violator.kernelOffers("Landlock", "TCP") },
        arguments: ["connect-tcp", "listen-tcp"])
    func landlockNetwork(violation: String) async throws {
        #expect(try await violator.commit(violation, under: [.landlock]).status == .exited(EACCES))
    }

    @Test(
        "Landlock alone refuses signals to others",
        .enabled("this kernel's Landlock knows no signals") { try await Violator.kernelOffers("Landlock", "signals") },
        arguments: ["signal-parent", "signal-thread-of-parent"])
    func landlockSignals(violation: String) async throws {
        #expect(try await violator.commit(violation, under: [.landlock]).status == .exited(EPERM))
    }

    @Test(
        "Landlock alone refuses abstract sockets of others",
        .enabled("this kernel's Landlock knows no abstract sockets") {
            try await Violator.kernelOffers("Landlock", "abstract sockets")
        })
    func landlockAbstractSockets() async throws {
        let listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            unsafe path.storeBytes(of: getpid(), toByteOffset: 1, as: pid_t.self)
        }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + 1 + MemoryLayout<pid_t>.size)
        let bound = unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener, $0, size) }
        }
        #expect(bound == 0)
        #expect(listen(listener, 4) == 0)
        // The very same is possible where nothing forbids it.
        #expect(try await violator.commit("connect-abstract", under: []).status == .exited(0))
        #expect(try await violator.commit("connect-abstract", under: [.landlock]).status == .exited(EPERM))
    }

    /// Without a layer nothing stops these, so it is the layers that do in the tests above.
    @Test(arguments: ["open-file", "list-folder", "create-file", "run-program", "fork", "listen-tcp", "signal-parent"])
    func nothingStopsAnUnconfinedProcess(violation: String) async throws {
        #expect(try await violator.commit(violation, under: []).status == .exited(0))
    }

    /// The C library has late work of its own to do: handlers for the first thread, a file in /proc for the first arena
    /// that gives memory back.
    @Test func threadsAndTheirMemoryAreNoViolation() async throws {
        let outcome = try await violator.commit("use-thread", under: Violator.Layer.allCases)
        #expect(outcome.status == .exited(0))
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    }

    @Test(arguments: [[Violator.Layer.resourceLimits], [.resourceLimits, .noNewPrivileges, .landlock, .seccomp]])
    func memoryEnds(layers: [Violator.Layer]) async throws {
        #expect(try await violator.commit("take-memory", under: layers).status == .exited(ENOMEM))
    }

    @Test(arguments: [[Violator.Layer.resourceLimits], [.resourceLimits, .noNewPrivileges, .landlock, .seccomp]])
    func aCrashWithoutMemorySaysSo(layers: [Violator.Layer]) async throws {
        let outcome = try await violator.commit("crash-without-memory", under: layers)
        #expect(outcome.status == .signaled(SIGSEGV))
        #expect(outcome.errors == "out of memory: the limit of its address space is used up\n")
    }

    @Test(arguments: [[Violator.Layer.resourceLimits], [.resourceLimits, .noNewPrivileges, .landlock, .seccomp]])
    func processorTimeEnds(layers: [Violator.Layer]) async throws {
        #expect(try await violator.commit("take-processor", under: layers).status == .signaled(SIGXCPU))
    }

    @Test(arguments: [[Violator.Layer.resourceLimits], [.resourceLimits, .noNewPrivileges, .landlock, .seccomp]])
    func filesEnd(layers: [Violator.Layer]) async throws {
        #expect(try await violator.commit("write-far", under: layers).status == .signaled(SIGXFSZ))
    }

    @Test func descriptorsEnd() async throws {
        #expect(
            try await violator.commit("duplicate-descriptors", under: [.resourceLimits]).status == .exited(EMFILE))
    }
}
