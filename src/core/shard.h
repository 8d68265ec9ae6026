/* shard.h - the broker is one function.
 *
 *     events ---> shard_step ---> actions
 *
 * A shard owns the sessions whose client ids are at home on it, the index of
 * their subscriptions, and its part of the retained messages and the shared
 * groups. It knows no socket, file, clock, thread or other shard but through
 * events and actions. One thread at a time; no global state.
 */
#ifndef MOGI_CORE_SHARD_H
#define MOGI_CORE_SHARD_H

#include "base/pool.h"
#include "core/actions.h"
#include "core/event.h"
#include "core/options.h"
#include "core/place.h"

struct shard;

/* A shard at `place`, with `options` (borrowed until the next RELOADED), all
 * its memory from `pool`. It starts at `now_ms`. Never NULL. */
struct shard *shard_new(struct pool *pool, struct shard_place place,
                        const struct options *options, uint64_t now_ms);

/* Look ahead (lookahead.h) always, not only where it pays. For tests: what is
 * done must be the same. */
void shard_look_ahead(struct shard *shard);

/* Forget everything. */
void shard_free(struct shard *shard);

/* Let `event` happen. Adds to `actions` what must be done about it, and never
 * fails: a bad peer costs the peer its connection, a pool that is full costs
 * new work. */
void shard_step(struct shard *shard, const struct event *event,
                struct actions *actions);

/* When the shard next wants a TICK, in ms as in the events; UINT64_MAX:
 * never. */
uint64_t shard_deadline_ms(const struct shard *shard);

#endif
