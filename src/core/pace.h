/* pace.h - clients that send too much are read more slowly.
 *
 *     packet --> too fast, or memory short --> PAUSE, nothing is handled
 *                                                 |  its time is over
 *                                                 +--> RESUME
 *
 * The socket fills, and the client's own system makes it wait: nothing is lost
 * and nobody is disconnected, unless rate_overflow asks for it. A connection
 * has a pace only once one was needed.
 */
#ifndef MOGI_CORE_PACE_H
#define MOGI_CORE_PACE_H

#include "base/err.h"
#include "base/wheel.h"
#include "core/rate.h"
#include "wire/packet.h"

struct conn;
struct shard;

struct pace {
    struct conn *conn;
    struct timer timer; /* while it waits */
    struct rate rate;
    bool noted; /* the log has a line about it */
};

/* A packet of `conn`, which has a session, was handled. OK, or ERR_RATE: it
 * came too fast, and is to be disconnected for it. */
MUST_USE
enum err pace_packet(struct shard *shard, struct conn *conn,
                     const struct frame *frame);

/* Does pace_packet let all packets pass now, without counting them? */
bool pace_idle(const struct shard *shard);

/* Must `conn` wait? */
bool pace_waits(const struct conn *conn);

/* Its time is over. */
void pace_due(struct shard *shard, struct pace *pace);

/* It is gone: forget its pace. */
void pace_drop(struct shard *shard, struct conn *conn);

#endif
