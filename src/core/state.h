/* state.h - what a shard is made of. For the core's own files alone.
 *
 *     conns ---- sessions ---- outbound, inbound, will
 *                   |
 *     topics  interest  retain  groups        joins  gate
 *     (who)   (where)   (kept)  (shared)      (what waits)
 */
#ifndef MOGI_CORE_STATE_H
#define MOGI_CORE_STATE_H

#include "base/map.h"
#include "base/table.h"
#include "base/wheel.h"
#include "core/backlog.h"
#include "core/bounds.h"
#include "core/flap.h"
#include "core/gate.h"
#include "core/grant.h"
#include "core/hot.h"
#include "core/inbound.h"
#include "core/interest.h"
#include "core/join.h"
#include "core/journal.h"
#include "core/lookahead.h"
#include "core/message.h"
#include "core/retain.h"
#include "core/run.h"
#include "core/shard.h"
#include "core/stats.h"
#include "core/sys.h"
#include "core/topics.h"

struct conn;
struct restore;
struct session;

/* A packet that was encoded in this step and may go to others as it is. */
struct memo {
    uint64_t step;
    uint64_t stamp;
    uint32_t offset, size;
    struct body *body; /* borrowed: the payload that follows, or NULL */
};

/* The packet being handled, here or before on the publisher's shard, if it is a
 * PUBLISH that may go on as it is, but for RETAIN, to clients of the same
 * version that need nothing of their own in it. */
struct plain {
    uint64_t stamp; /* of its message; 0: it is not one */
    bool v5;
};

struct shard {
    struct pool *pool;
    struct shard_place place;
    const struct options *options;
    struct wheel timers; /* of the shard itself */
    struct wheel conn_timers, session_timers, pace_timers;

    /* Of the step under way. */
    struct actions *out;
    uint64_t now_ms;
    uint64_t random;
    uint64_t step;
    struct bytes packet; /* the packet being handled */
    struct bytes rest;   /* what came behind it */
    struct plain plain;
    struct trail trail;

    /* The logical clock: stamps come from it. */
    uint64_t clock;

    /* Connections by slot, and those closed in this step. */
    struct table conns;
    struct buffer closed_conns; /* struct conn * */

    /* Sessions by client id and by reference. */
    struct map sessions;
    struct table session_slots;
    uint32_t generation;

    struct topics *topics;
    struct interest *interest;
    struct retain *retain;
    struct map groups;

    struct joins joins;
    struct gate gate;
    struct journal journal;
    struct backlogs backlogs;
    struct restore *restore; /* while records come, else NULL */
    struct hot hot;
    struct lookahead lookahead;
    struct flaps flaps;
    struct memo memos[2][2];   /* [5.0][retain], of QoS 0 */
    struct buffer scratch;     /* for one step */
    struct buffer mounted;     /* the last text that mount.h made */
    struct inbound no_inbound; /* of all who publish nothing */
    struct grants grants;
    uint32_t asked; /* the last question */
    struct timer sweep;
    struct stats stats;
    struct sys sys;
    bool storage_fails; /* nothing more can be promised for now */
    bool stopping;
};

/* The next stamp: unique in the whole broker, and larger than any this shard
 * has seen. */
uint64_t shard_stamp(struct shard *shard);

/* The shard that gave `stamp`. */
static inline uint16_t shard_of_stamp(uint64_t stamp)
{
    return stamp & (SHARDS_MAX - 1);
}

/* The next 64 random bits. */
uint64_t shard_random(struct shard *shard);

/* Which shard keeps the retained message of `topic`, and leads the group of a
 * shared subscription. */
uint16_t shard_of(const struct shard *shard, struct bytes text);

/* `n` more of `stat`. */
static inline void stat_add(struct shard *shard, enum stat_kind stat,
                            uint64_t n)
{
    shard->stats.v[stat] += n;
}

/* `n` fewer of the gauge `stat`, which counts that many. */
static inline void stat_sub(struct shard *shard, enum stat_kind stat,
                            uint64_t n)
{
    assert(shard->stats.v[stat] >= n);
    shard->stats.v[stat] -= n;
}

#endif
