// What confining a process needs and Swift cannot say: variadic functions, system calls without a function in the C
// library, and handlers that run in signal context, where Swift's runtime may not be entered.
#ifndef LATHE_CCONFINEMENT_H
#define LATHE_CCONFINEMENT_H

#include <linux/sched.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

// prctl(2) is variadic.
int confinement_prctl(int option, unsigned long value);

// Bytes of stack that threads get which do not say otherwise. A GNU extension, which Swift's Glibc leaves out.
void confinement_set_stack_size(size_t bytes);

// A file that is nowhere but in memory (memfd_create(2)), closed on exec; -1 on failure. Swift's Glibc leaves it out.
int confinement_memory_file(void);

// Starts a thread that does what the C library does once, and then needs calls that are forbidden later, and waits for
// its end: it installs signal handlers with the first thread, and reads /proc/sys/vm/overcommit_memory when a thread's
// arena first gives memory back.
void confinement_start_first_thread(void);

// Landlock has no functions in the C library (landlock_create_ruleset(2), landlock_restrict_self(2)). The structure
// is the kernel's of ABI 6, under a name of its own because the installed headers may be of an older one. A kernel
// that knows fewer members takes it as long as those it does not know are 0.
struct confinement_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

// The kernel's Landlock ABI, 1 or above; negative, with errno set, where it has none.
long confinement_landlock_abi(void);

// A descriptor of a new ruleset, or -1 with errno set.
int confinement_landlock_create(const struct confinement_ruleset *_Nonnull ruleset);

// Confines the calling thread and what it starts by a ruleset; -1 with errno set on failure.
int confinement_landlock_restrict(int ruleset_descriptor);

// Room for a system call's name and its terminating 0.
#define CONFINEMENT_NAME_SIZE 32

// From now on a forbidden system call (SIGSYS) writes its number and name on standard error and ends the process by
// that signal. Entry i of `names`, CONFINEMENT_NAME_SIZE bytes, is the name of system call i, empty if it has none. The
// table must live as long as the process.
void confinement_report_forbidden_calls(const char *_Nonnull names, size_t count);

// From now on a crash (SIGSEGV, SIGABRT, …) says on standard error if the address space was used up, and ends the
// process by its own signal at once.
void confinement_report_exhaustion(void);

#endif
