/* arrivals.h - how somebody becomes a guest: from a socket that was accepted to
 * one whom the shard knows.
 *
 *     listener --> (a proxy says whom it brings) --> door --> guest --> OPENED
 *                                                     |  with TLS: greeted
 *                                no seat: stands,     v
 *                                then is told, or   closed, with a line in the
 *                                sits after all     log
 *
 * Also those who come from another thread, who have passed the door already.
 * Part of a host, for its thread.
 */
#ifndef MOGI_BROKER_ARRIVALS_H
#define MOGI_BROKER_ARRIVALS_H

#include "broker/config.h"
#include "broker/mailbox.h"
#include "net/listener.h"
#include "net/porch.h"
#include "net/stream.h"

enum {
    /* Connections above a limit that are told so; those beyond are just
     * closed. */
    ARRIVALS_REFUSED_MAX = 100,

    /* How long a new connection waits, in ms, before it is refused: another
     * thread may be about to see that an old one has gone. */
    ARRIVALS_SEAT_MS = 20
};

struct guest;
struct host;

/* A connection that waits for a seat. */
struct standing {
    int fd;
    uint16_t listener;
    bool counted;   /* for its address */
    char *identity; /* owned, or NULL */
    struct address peer;
};

struct arrivals {
    struct listener listeners[CONFIG_LISTENERS_MAX * 2];
    size_t listener_count;
    struct porch porch;
    uv_timer_t seats;
    struct standing standing[ARRIVALS_REFUSED_MAX];
    size_t standing_count;
};

/* Nobody comes yet. The host's loop and settings are there. */
void arrivals_init(struct host *host);

/* Accept connections from `fd`, which is taken over, as those of listener
 * `number` of the configuration. Before host_start. ERR_FULL, ERR_IO. */
MUST_USE
enum err arrivals_listen(struct host *host, int fd, uint16_t number);

/* A connection has gone: listeners that had no descriptor may go on. */
void arrivals_retry(struct host *host);

/* Nobody comes any more; who has not sat down is sent away. */
void arrivals_stop(struct host *host);

/* A connection came from another thread, and its bytes are still to be heard.
 * NULL: the system did not take it. */
struct guest *arrivals_moved(struct host *host, const struct moved *moved);

/* The same, and nobody is let in any more. */
void arrivals_moved_late(struct host *host, const struct moved *moved);

/* For the host's streams: the handshake of TLS is done, or failed. */
void arrivals_greeted(struct stream *stream);
void arrivals_refused(struct stream *stream, const char *why);

#endif
