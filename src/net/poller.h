/* poller.h - which of many sockets can be read or written now, in one loop.
 *
 *     watch --+
 *     watch --+--> poller --> ready(watch, ...)
 *     watch --+
 *
 * What a handle of libuv for each socket does, in 8 bytes instead of 160. One
 * thread only.
 */
#ifndef MOGI_NET_POLLER_H
#define MOGI_NET_POLLER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum watch_events {
    WATCH_READ = 1,
    WATCH_WRITE = 2,
    WATCH_END = 4 /* never waited for: the peer sends nothing more */
};

/* One socket. All of it is the poller's. */
struct watch {
    int fd;
    uint8_t events; /* that are waited for; 0: none */
    bool known;     /* to the system */
};

/* `watch` is ready for `events` of those it waits for; with WATCH_END what can
 * be read is the last. Who waits for WATCH_READ alone is told once of what has
 * come, and says watch_again when something may be left: a read that got all
 * it asked for, or the end behind what was read. `failed`: the socket
 * has an error; what it still holds can be read. Called from the loop; may
 * stop this watch or others, whose memory must last until the next timers of
 * the loop: news of them may be under way, and are for the user to ignore. */
typedef void poller_ready(struct watch *watch, unsigned events, bool failed);

struct poller;

/* A poller in `loop` that tells `ready`. NULL when the system has none left. */
struct poller *poller_new(uv_loop_t *loop, poller_ready *ready);

/* Close it; every watch is stopped. The loop runs once more for it. NULL is
 * fine. */
void poller_free(struct poller *poller);

/* Watch socket `fd`, for nothing yet. ERR_IO when the system has no room for
 * one more. */
MUST_USE
enum err watch_start(struct poller *poller, struct watch *watch, int fd);

/* Wait for `events` from now on: WATCH_READ, WATCH_WRITE, both or neither (0).
 * What is ready already is told, if they differ from those before. */
void watch_set(struct poller *poller, struct watch *watch, unsigned events);

/* Tell of what is ready already, and was told of. */
void watch_again(struct poller *poller, struct watch *watch);

/* Watch it no more; the socket is the caller's, and still open. */
void watch_stop(struct poller *poller, struct watch *watch);

#endif
