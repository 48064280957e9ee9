#ifndef LATHE_CPOSTGRES_SHIM_H
#define LATHE_CPOSTGRES_SHIM_H

#include <libpq-fe.h>
// Wakes a connection's thread out of poll(); the Glibc module does not carry this header.
#include <sys/eventfd.h>
#include <sys/prctl.h>

// PG_DIAG_* are macros of character literals, which Swift does not import.
static const int postgres_diag_sqlstate = PG_DIAG_SQLSTATE;
static const int postgres_diag_message = PG_DIAG_MESSAGE_PRIMARY;
static const int postgres_diag_detail = PG_DIAG_MESSAGE_DETAIL;
static const int postgres_diag_hint = PG_DIAG_MESSAGE_HINT;
static const int postgres_diag_constraint = PG_DIAG_CONSTRAINT_NAME;

// prctl is variadic, which Swift does not import. Takes at most 15 bytes.
static inline void postgres_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
