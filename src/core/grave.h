/* grave.h - what a session leaves on disk when it ends: a queue that nobody
 * will read. It is deleted page by page, so that no queue is too long for that;
 * but what came through a shared subscription goes to another member.
 *
 * A crash loses nothing of it: at the next start records that belong to no
 * session are found as they are (see walk.h), and end here again.
 */
#ifndef MOGI_CORE_GRAVE_H
#define MOGI_CORE_GRAVE_H

#include "base/bytes.h"

struct event;
struct shard;

/* The deliveries `first` to `last` of `client` (its id, or as in a key) go,
 * once `batch` is on disk, with which some may be gone. */
void grave_add(struct shard *shard, struct bytes client, uint64_t first,
               uint64_t last, uint64_t batch);

/* At start: delivery `order` of `client`, in ascending order, belongs to
 * nobody. It goes with what is near before it, once graves_open is called. */
void grave_restore(struct shard *shard, struct bytes client, uint64_t order);

/* What LOAD asked for came. */
void grave_loaded(struct shard *shard, const struct event *event);

/* By now all shards have told what they have: what was found may go, too. */
void graves_open(struct shard *shard);

/* Go on with the first one, if nothing is asked for. */
void graves_dig(struct shard *shard);

/* Forget them all; their records stay. */
void graves_fini(struct shard *shard);

#endif
