#define _GNU_SOURCE
#include "CConfinement.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Numbered alike on every architecture; older headers lack them.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

// LANDLOCK_CREATE_RULESET_VERSION
static const uint32_t ask_for_abi = 1;

int confinement_prctl(int option, unsigned long value) { return prctl(option, value, 0UL, 0UL, 0UL); }

void confinement_set_stack_size(size_t bytes) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    if (pthread_attr_setstacksize(&attributes, bytes) == 0) pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

int confinement_memory_file(void) { return memfd_create("lathe-media", MFD_CLOEXEC); }

// Blocks small enough to come from the arena, and in all more than it keeps when they are freed.
enum { block_count = 16, block_size = 64 << 10, kept_for_now = 128 << 10 };

// What the allocator's own adaptive thresholds would come to with buffers of a decoder's size (mallopt(3)).
enum { mapped_from = 4 << 20, kept = 8 << 20 };

static void *use_arena(void *nothing) {
    (void)nothing;
    // Volatile, or the compiler would leave out what it sees no use of.
    char *volatile blocks[block_count];
    for (int index = 0; index < block_count; index++) blocks[index] = malloc(block_size);
    for (int index = block_count; index > 0; index--) free(blocks[index - 1]);
    return NULL;
}

void confinement_start_first_thread(void) {
    pthread_t thread;
    // Blocks that were freed before may have raised it, so that the arena would keep all.
    mallopt(M_TRIM_THRESHOLD, kept_for_now);
    if (pthread_create(&thread, NULL, use_arena, NULL) == 0) pthread_join(thread, NULL);
    mallopt(M_MMAP_THRESHOLD, mapped_from);
    mallopt(M_TRIM_THRESHOLD, kept);
}

long confinement_landlock_abi(void) { return syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, ask_for_abi); }

int confinement_landlock_create(const struct confinement_ruleset *ruleset) {
    return (int)syscall(SYS_landlock_create_ruleset, ruleset, sizeof *ruleset, 0U);
}

int confinement_landlock_restrict(int descriptor) { return (int)syscall(SYS_landlock_restrict_self, descriptor, 0U); }

// All below runs in signal handlers: no allocation, no stdio, no locks (signal-safety(7)).

struct line {
    char text[128];
    size_t length;
};

static void append(struct line *line, const char *words) {
    size_t count = strlen(words), room = sizeof line->text - line->length;
    if (count > room) count = room;
    memcpy(line->text + line->length, words, count);
    line->length += count;
}

static void append_number(struct line *line, unsigned number) {
    char digits[12];
    size_t start = sizeof digits - 1;
    digits[start] = 0;
    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(line, digits + start);
}

static void say(const struct line *line) {
    ssize_t ignored = write(STDERR_FILENO, line->text, line->length);
    (void)ignored;
}

// The handler was taken away when the signal came (SA_RESETHAND), so this ends the process.
static _Noreturn void die_by(int number) {
    raise(number);
    _exit(128 + number);
}

static const char *call_names;
static size_t call_count;

static void on_forbidden_call(int number, siginfo_t *info, void *context) {
    (void)context;
    struct line line = {.length = 0};
    unsigned call = (unsigned)info->si_syscall;
    append(&line, "forbidden system call ");
    append_number(&line, call);
    if (call < call_count && call_names[call * CONFINEMENT_NAME_SIZE] != 0) {
        append(&line, " (");
        append(&line, call_names + call * CONFINEMENT_NAME_SIZE);
        append(&line, ")");
    }
    append(&line, "\n");
    say(&line);
    die_by(number);
}

void confinement_report_forbidden_calls(const char *names, size_t count) {
    call_names = names;
    call_count = count;
    struct sigaction action = {.sa_sigaction = on_forbidden_call, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
}

// Less free address space than this counts as none: more than a thread's arena, less than what any limit leaves free.
static const size_t least_room = 64u << 20;

static void on_crash(int number) {
    void *room = mmap(NULL, least_room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED && errno == ENOMEM) {
        struct line line = {.length = 0};
        append(&line, "out of memory: the limit of its address space is used up\n");
        say(&line);
    }
    die_by(number);
}

void confinement_report_exhaustion(void) {
    static const int signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};
    for (size_t index = 0; index < sizeof signals / sizeof *signals; index++) sigaction(signals[index], &action, NULL);
}
