/* listener.h - a socket that new connections come from, in one event loop.
 *
 * When the process has no descriptor left, it stops asking for connections,
 * says so once, and tries again when one has been closed or a second later:
 * those who wait to be accepted wait, and the loop does not spin.
 */
#ifndef MOGI_NET_LISTENER_H
#define MOGI_NET_LISTENER_H

#include "base/err.h"
#include "net/address.h"

#include <uv.h>

struct listener;

/* Socket `fd` was accepted from `peer`, and is the user's now. */
typedef void listener_accepted(struct listener *listener, int fd,
                               const struct address *peer);

/* No connection can be accepted for now; `error` of libuv says why. Once,
 * until none waits any more. */
typedef void listener_strained(struct listener *listener, int error);

struct listener {
    uv_poll_t poll;
    uv_timer_t retry;
    listener_accepted *accepted;
    listener_strained *strained;
    void *user;
    int fd;
    uint16_t index; /* the user's number for it */
    bool paused;
    bool said;
    bool open;
};

/* Take over the listening socket `fd` and accept from it in `loop`. The caller
 * has set `accepted`, `strained`, `user` and `index`. ERR_IO closes `fd`. */
MUST_USE
enum err listener_start(struct listener *listener, uv_loop_t *loop, int fd);

/* A descriptor may be free again. */
void listener_retry(struct listener *listener);

/* Accept no more. Its memory is free when the loop has run once more. Harmless
 * when it is stopped. */
void listener_stop(struct listener *listener);

#endif
