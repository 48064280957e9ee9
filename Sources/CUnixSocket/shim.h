// What passing descriptors over a Unix socket needs and Swift cannot say. Everything else comes from Glibc.
#ifndef LATHE_CUNIXSOCKET_SHIM_H
#define LATHE_CUNIXSOCKET_SHIM_H

#include <stddef.h>
#include <sys/socket.h>

// CMSG_SPACE, CMSG_LEN, CMSG_FIRSTHDR, CMSG_NXTHDR and CMSG_DATA are function-like macros, which Swift does not
// import. They alone know how the kernel aligns a control message (cmsg(3)).

static inline size_t control_message_space(size_t payload_size) { return CMSG_SPACE(payload_size); }

static inline size_t control_message_length(size_t payload_size) { return CMSG_LEN(payload_size); }

static inline struct cmsghdr *_Nullable control_message_first(const struct msghdr *_Nonnull message) {
    return CMSG_FIRSTHDR(message);
}

static inline struct cmsghdr *_Nullable control_message_next(
    struct msghdr *_Nonnull message, struct cmsghdr *_Nonnull current
) {
    return CMSG_NXTHDR(message, current);
}

static inline void *_Nonnull control_message_data(struct cmsghdr *_Nonnull header) { return CMSG_DATA(header); }

#endif
