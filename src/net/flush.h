/* flush.h - one run of bytes to each of many sockets, in few system calls.
 *
 *     list   [ fd 7: 34 bytes ][ fd 9: 34 bytes ][ fd 12: 36 bytes ] ...
 *                  |                  |                  |
 *     put         34                 34                EAGAIN
 *
 * Linux takes a whole list in one call (io_uring). Where the kernel has none,
 * or a sandbox forbids it, and for short lists, each is a call of its own:
 * what comes of it is the same. One thread only.
 */
#ifndef MOGI_NET_FLUSH_H
#define MOGI_NET_FLUSH_H

#include "base/bytes.h"

#include <stddef.h>
#include <sys/types.h>

enum {
    /* Shorter lists are not worth the detour. */
    FLUSH_LIST_MIN = 16
};

struct flush_write {
    int fd;
    struct bytes bytes; /* at least one */
    ssize_t put;        /* set: how many went, or an error of libuv's */
};

struct flush;

/* Ready for lists; takes nothing from the system before a list is long enough.
 * Never NULL. */
struct flush *flush_new(void);

/* Give everything back; NULL is fine. */
void flush_free(struct flush *flush);

/* Write what each of `list` has, in any order; no socket is in it twice. Never
 * waits for a socket. */
void flush_run(struct flush *flush, struct flush_write *list, size_t count);

/* The same, with a call for each. */
void flush_each(struct flush_write *list, size_t count);

#endif
