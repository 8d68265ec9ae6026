/* porch.h - where connections wait until the proxy that brought them has said
 * for whom, in one event loop.
 *
 *     accepted --> header in pieces --> done: OK, and the socket is the user's
 *                        | wrong, closed, too slow
 *                        +-------------> done: an error; the socket is closed
 *
 * Takes the header off the socket and not a byte more, so what follows (TLS or
 * MQTT) is read by whoever comes next.
 */
#ifndef MOGI_NET_PORCH_H
#define MOGI_NET_PORCH_H

#include "base/list.h"
#include "net/proxy.h"

#include <uv.h>

struct porch;

/* Whom a connection was accepted from, and by which listener of the user's. */
struct porch_visit {
    int fd;
    uint16_t listener;
    struct address peer;
};

/* `visit` is over. OK: its socket is the user's, and `proxy` what was said.
 * ERR_MALFORMED, ERR_CLOSED, ERR_CONNECT_TIME: it has been closed. */
typedef void porch_done(struct porch *porch, const struct porch_visit *visit,
                        enum err err, const struct proxy *proxy);

struct porch {
    uv_loop_t *loop;
    porch_done *done;
    struct link waiting;
};

/* Nobody waits. */
void porch_init(struct porch *porch, uv_loop_t *loop, porch_done *done);

/* Close all who wait, without a word; memory is free when the loop has run once
 * more. */
void porch_fini(struct porch *porch);

/* Wait for the header of `version` 1 or 2 on `visit->fd`, which is taken over,
 * for `wait_ms` at most. ERR_IO: it is closed. */
MUST_USE
enum err porch_enter(struct porch *porch, const struct porch_visit *visit,
                     unsigned version, uint64_t wait_ms);

#endif
