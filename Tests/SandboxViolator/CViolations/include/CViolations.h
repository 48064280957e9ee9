// What a hostile file might have its decoder do, as raw system calls: Swift imports neither syscall(2) nor ptrace(2),
// which are variadic.
#ifndef LATHE_CVIOLATIONS_H
#define LATHE_CVIOLATIONS_H

// Commits a violation. Returns 0 when nothing stopped it, otherwise the error it met; -1 if it knows none of that name.
int violate(const char *_Nonnull name);

#endif
