/* restore.h - what was stored comes back, at start. See record.h.
 *
 *     'c' ...  sessions and their parts, built as they come
 *              deliveries wait for their messages
 *     'm' ...  messages: kept when a delivery here waits for them
 *     'r' ...  retained messages
 *     end      deliveries are queued, timers set, what is of no use deleted
 *
 * Every shard is given every record, and takes what is at home on it: so the
 * number of shards may be another than before. A session that another shard
 * wrote is written anew whole, with copies of its messages, in one batch;
 * nobody refers to the old copies any more, and the next start deletes them.
 *
 * What can't be read, or belongs to nothing, is noted, left out and deleted: it
 * must not come to life when its client id is used again.
 */
#ifndef MOGI_CORE_RESTORE_H
#define MOGI_CORE_RESTORE_H

#include "base/bytes.h"

struct shard;

/* One record, or with an empty `key` the end of them. Records come in the order
 * of their keys, before anything else happens to the shard. */
void restore_record(struct shard *shard, struct bytes key, struct bytes value);

/* Some time after the end, when all shards have told what they have: let go
 * what was on its way from one member of a shared group to another. */
void restore_late(struct shard *shard);

/* Forget what has come, if the end never does. */
void restore_fini(struct shard *shard);

#endif
