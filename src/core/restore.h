/* restore.h - what was stored comes back, at start. See record.h.
 *
 *     'M' ...  only the last: its stamp
 *     'c' ...  sessions and their parts, built as they come: restored.h; of a
 *              queue what was sent, each with its message, and both ends of
 *              the rest; what goes to a member of a group: found.h
 *     'm' ...  messages of version 1: awaited.h
 *     'p' ...  who may lack what a client publishes: doubted.h
 *     'r' ...  retained messages
 *     end      timers set, what is of no use deleted
 *
 * Every shard is given every record that walk.h does not jump over, and takes
 * what is at home on it: so the number of shards may be another than before.
 *
 * What can't be read, or belongs to nothing, is noted, left out and deleted: it
 * must not come to life when its client id is used again.
 */
#ifndef MOGI_CORE_RESTORE_H
#define MOGI_CORE_RESTORE_H

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"

struct record_heard;
struct restored;
struct shard;

/* All that came until now, and is not settled yet. Owned by the shard. */
struct restore {
    struct buffer client;      /* of the records now, as in their keys */
    struct restored *restored; /* theirs, or NULL: it is not at home here */
    bool known;                /* a session record came for them */
    bool old;                  /* deliveries of version 1 came, for anybody */
    bool ended;                /* but for what is let go late */

    struct link sessions;       /* struct restored */
    struct link founds;         /* struct found */
    struct link doubteds;       /* struct doubted */
    struct map awaiteds;        /* struct awaited */
    struct record_heard *heard; /* see doubted.h; or NULL */
    struct bytes message;       /* with the record now */
};

/* One record, or with an empty `key` the end of them; `message` is the value of
 * the message that a delivery refers to, or empty. Records come in the order of
 * their keys, before anything else happens to the shard. */
void restore_record(struct shard *shard, struct bytes key, struct bytes value,
                    struct bytes message);

/* Some time after the end, when all shards have told what they have: let go
 * what was on its way to a member of a shared group. */
void restore_late(struct shard *shard);

/* Is it for this shard to complain of a record of `client`, as in its key? */
bool restore_mine(const struct shard *shard, struct bytes client);

/* The shard's clock is beyond `stamp`, or an order, from now on. */
void restore_clock(struct shard *shard, uint64_t stamp);

/* Forget what has come, if the end never does. */
void restore_fini(struct shard *shard);

#endif
