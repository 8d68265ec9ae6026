/* sys.h - $SYS/broker/...: the broker's figures as retained messages, under
 * Mosquitto's names.
 *
 *     shard 1, 2, ... --POST_STATS--> shard 0: sums, publishes what changed
 */
#ifndef MOGI_CORE_SYS_H
#define MOGI_CORE_SYS_H

#include "base/wheel.h"
#include "core/stats.h"

#include <stdint.h>

struct post;
struct shard;

/* Averages over the last 1, 5 and 15 minutes, per minute. */
enum {
    SYS_LOADS = 9,
    SYS_SPANS = 3,
    SYS_LISTENERS_MAX = 32,
    SYS_TOPICS_MAX = 160
};

struct sys {
    struct timer timer;
    struct stats *parts; /* of each shard, as last told; shard 0 only */
    uint64_t started_ms;
    uint64_t last_ms;
    uint64_t last[SYS_LOADS]; /* totals at last_ms */
    double load[SYS_LOADS][SYS_SPANS];
    uint64_t published[SYS_TOPICS_MAX]; /* hash of the last value, or 0 */
};

/* Begin counting; the first figures are published at once. */
void sys_init(struct shard *shard);
void sys_fini(struct shard *shard);

/* The options changed: publish at the new interval, or never. */
void sys_reload(struct shard *shard);

/* The timer is due: tell, or publish. */
void sys_due(struct shard *shard);

/* POST_STATS came. */
void sys_told(struct shard *shard, const struct post *post);

#endif
