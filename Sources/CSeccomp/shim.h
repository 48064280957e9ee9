// libseccomp for Swift. Below the include stands only what the importer cannot translate.
#ifndef LATHE_CSECCOMP_SHIM_H
#define LATHE_CSECCOMP_SHIM_H

#include <seccomp.h>

// Function-like macro.
static inline uint32_t seccomp_action_errno(uint16_t number) { return SCMP_ACT_ERRNO(number); }

// Macros that are computed from others are not imported.
static const uint32_t seccomp_action_allow = SCMP_ACT_ALLOW;
static const uint32_t seccomp_action_trap = SCMP_ACT_TRAP;
static const uint32_t seccomp_action_kill_process = SCMP_ACT_KILL_PROCESS;

#endif
