/* poll.h - waiting for sockets, many at once, and being woken.
 *
 * poll_linux.c does it with epoll(7), whose cost does not grow with idle
 * connections. Another system needs a poll_posix.c of its own, with
 * poll(2) or kqueue(2).
 */
#ifndef MOGI_BENCH_POLL_H
#define MOGI_BENCH_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_POLL_EVENTS = 256 };

struct bench_poll;

struct bench_poll_event {
    void *owner; /* as given to bench_poll_add */
    bool readable;
    bool writable;
};

/* A new one, or NULL when the system has no more. */
struct bench_poll *bench_poll_new(void);

/* Close it; sockets stay open. NULL is allowed. */
void bench_poll_free(struct bench_poll *poll);

/* Watch `fd` for input, and for room to write when `writable`. False when the
 * system refuses. */
bool bench_poll_add(struct bench_poll *poll, int fd, void *owner,
                    bool writable);

/* Change whether room to write is watched for. */
void bench_poll_change(struct bench_poll *poll, int fd, void *owner,
                       bool writable);

/* Stop watching; called before `fd` is closed. */
void bench_poll_remove(struct bench_poll *poll, int fd);

/* Wait at most `timeout_ns` and fill `events`, BENCH_POLL_EVENTS of them.
 * Returns how many. A wake-up is no event: it ends the wait and sets *woken. */
size_t bench_poll_wait(struct bench_poll *poll, uint64_t timeout_ns,
                       struct bench_poll_event *events, bool *woken);

/* End the wait, from any thread; when nobody waits, the next one. */
void bench_poll_wake(struct bench_poll *poll);

#endif
