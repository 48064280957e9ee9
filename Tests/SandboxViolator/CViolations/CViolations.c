#define _GNU_SOURCE
#include "CViolations.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif

// Known before anything is forbidden.
static int parent;
__attribute__((constructor)) static void remember_parent(void) { parent = getppid(); }

static long open_file(void) { return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }
static long list_folder(void) { return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY); }
static long create_file(void) { return syscall(SYS_openat, AT_FDCWD, "created", O_WRONLY | O_CREAT, 0600); }
static long remove_file(void) { return syscall(SYS_unlinkat, AT_FDCWD, "there", 0); }
static long truncate_file(void) { return syscall(SYS_truncate, "there", 0L); }
static long change_folder(void) { return syscall(SYS_chdir, "/"); }

static long run_program(void) {
    char *arguments[] = {"true", NULL};
    return syscall(SYS_execve, "/bin/true", arguments, arguments + 1);
}

static long fork_process(void) {
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return child;
}

// Threads' flags and a namespace on top: the one bit too many.
static long clone_with_namespace(void) {
    return syscall(
        SYS_clone,
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_NEWUTS, 0, 0, 0, 0);
}

static struct sockaddr_in loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static long connect_tcp(void) {
    long descriptor = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback();
    return descriptor < 0 ? -1 : syscall(SYS_connect, descriptor, &address, sizeof address);
}

static long listen_tcp(void) {
    long descriptor = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback();
    address.sin_port = 0;
    return descriptor < 0 ? -1 : syscall(SYS_bind, descriptor, &address, sizeof address);
}

// An address that a parent listens on: its bytes are the parent's process id after a 0.
static long connect_abstract(void) {
    long descriptor = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, &parent, sizeof parent);
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + sizeof parent;
    return descriptor < 0 ? -1 : syscall(SYS_connect, descriptor, &address, size);
}

static long send_elsewhere(void) {
    struct msghdr message = {0};
    return syscall(SYS_sendmsg, 1, &message, 0);
}

static long trace_parent(void) { return syscall(SYS_ptrace, PTRACE_SEIZE, parent, 0, 0); }
static long read_parent(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return syscall(SYS_process_vm_readv, parent, &here, 1UL, &there, 1UL, 0UL);
}
static long signal_parent(void) { return syscall(SYS_kill, parent, SIGCONT); }
static long signal_thread_of_parent(void) { return syscall(SYS_tgkill, parent, parent, SIGCONT); }

static long make_code(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}
static long turn_into_code(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long replace_handler(void) { return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0; }
static long make_dumpable(void) { return syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0); }
static long raise_limit(void) { return syscall(SYS_prlimit64, 0, 0, NULL, NULL); }
static long use_ring(void) { return syscall(SYS_io_uring_setup, 1, NULL); }
static long load_program(void) { return syscall(SYS_bpf, 0, NULL, 0); }
static long handle_faults(void) { return syscall(SYS_userfaultfd, 0); }
static long read_keys(void) { return syscall(SYS_keyctl, 0, 0, 0, 0, 0); }
static long mount_folder(void) { return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL); }
static long unshare_user(void) { return syscall(SYS_unshare, CLONE_NEWUSER); }
static long become_root(void) { return syscall(SYS_setuid, 0); }
static long hide_file(void) { return syscall(SYS_memfd_create, "code", 0); }

static long duplicate_descriptors(void) {
    while (dup(1) >= 0) {}
    return -1;
}

static const size_t block = 16u << 20;

static long take_memory(void) {
    while (mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
        ;
    return -1;
}

// What a decoder does that does not look at what malloc(3) returned.
static long crash_without_memory(void) {
    take_memory();
    volatile char *nothing = mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (nothing == MAP_FAILED) nothing = NULL;
    *nothing = 1;
    return 0;
}

static long take_processor(void) {
    for (volatile unsigned long turns = 0;; turns++) {}
}

// Standard output is a file here.
static long write_far(void) { return pwrite(STDOUT_FILENO, "x", 1, 1L << 40); }

// What is no violation: a thread, and an arena that gives memory back.
static void *fill_and_empty(void *nothing) {
    (void)nothing;
    enum { count = 1024, size = 60 << 10 };
    static char *volatile blocks[count];
    for (int index = 0; index < count; index++) blocks[index] = malloc(size);
    for (int index = count; index > 0; index--) free(blocks[index - 1]);
    return NULL;
}

static long nothing(void) { return 0; }

static long use_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, fill_and_empty, NULL);
    return errno != 0 ? -1 : pthread_join(thread, NULL);
}

static const struct {
    const char *name;
    long (*commit)(void);
} violations[] = {
    {"open-file", open_file}, {"list-folder", list_folder}, {"create-file", create_file},
    {"remove-file", remove_file}, {"truncate-file", truncate_file}, {"change-folder", change_folder},
    {"run-program", run_program}, {"fork", fork_process}, {"clone-with-namespace", clone_with_namespace},
    {"connect-tcp", connect_tcp}, {"listen-tcp", listen_tcp}, {"connect-abstract", connect_abstract},
    {"send-elsewhere", send_elsewhere}, {"trace-parent", trace_parent}, {"read-parent", read_parent},
    {"signal-parent", signal_parent}, {"signal-thread-of-parent", signal_thread_of_parent},
    {"make-code", make_code}, {"turn-into-code", turn_into_code}, {"replace-handler", replace_handler},
    {"make-dumpable", make_dumpable}, {"raise-limit", raise_limit}, {"use-ring", use_ring},
    {"load-program", load_program}, {"handle-faults", handle_faults}, {"read-keys", read_keys},
    {"mount", mount_folder}, {"unshare-user", unshare_user}, {"become-root", become_root}, {"hide-file", hide_file},
    {"duplicate-descriptors", duplicate_descriptors}, {"take-memory", take_memory},
    {"crash-without-memory", crash_without_memory}, {"take-processor", take_processor}, {"write-far", write_far},
    {"use-thread", use_thread}, {"nothing", nothing},
};

int violate(const char *name) {
    for (size_t index = 0; index < sizeof violations / sizeof *violations; index++) {
        if (strcmp(name, violations[index].name) == 0) return violations[index].commit() < 0 ? errno : 0;
    }
    return -1;
}
