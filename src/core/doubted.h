/* doubted.h - an id that a client publishes under, of whose message a crash
 * may have kept some shards, at start. See record.h.
 *
 *     'q' stamp, lacking, groups ---> doubted --+--> a doubt of its session
 *     'p' SHARD FROM: heard ------------------- +    (inbound.h)
 *
 * What shards have heard is behind all ids, so it is settled at the end.
 */
#ifndef MOGI_CORE_DOUBTED_H
#define MOGI_CORE_DOUBTED_H

#include "base/bytes.h"
#include "base/err.h"

struct record_key;
struct restored;
struct shard;

/* A RECEIVED of `restored`, which is at home here. ERR_MALFORMED. */
MUST_USE
enum err doubted_received(struct shard *shard, struct restored *restored,
                          const struct record_key *key, struct bytes value);

/* A HEARD. ERR_MALFORMED. */
MUST_USE
enum err doubted_heard(struct shard *shard, const struct record_key *key,
                       struct bytes value);

/* All has come: who heard a message does not lack it. What is left is written
 * down, and is a doubt of its session. */
void doubteds_settle(struct shard *shard);

/* Forget them all, and what was heard. */
void doubteds_fini(struct shard *shard);

#endif
