/* restore.h - what was stored comes back, at start. See record.h.
 *
 *     'M' ...  only the last: its stamp
 *     'c' ...  sessions and their parts, built as they come; of a queue what
 *              was sent, each with its message, and both ends of the rest
 *     'r' ...  retained messages
 *     end      timers set, what is of no use deleted
 *
 * Every shard is given every record that walk.h does not jump over, and takes
 * what is at home on it: so the number of shards may be another than before.
 *
 * Of version 1 all of a queue is given. Deliveries wait for their messages
 * ('m'); at the end the session is written anew, with other orders, since there
 * were gaps. When no delivery is of version 1, messages of that go, too.
 *
 * What can't be read, or belongs to nothing, is noted, left out and deleted: it
 * must not come to life when its client id is used again.
 */
#ifndef MOGI_CORE_RESTORE_H
#define MOGI_CORE_RESTORE_H

#include "base/bytes.h"

struct shard;

/* One record, or with an empty `key` the end of them; `message` is the value of
 * the message that a delivery refers to, or empty. Records come in the order of
 * their keys, before anything else happens to the shard. */
void restore_record(struct shard *shard, struct bytes key, struct bytes value,
                    struct bytes message);

/* Some time after the end, when all shards have told what they have: let go
 * what was on its way from one member of a shared group to another. */
void restore_late(struct shard *shard);

/* Forget what has come, if the end never does. */
void restore_fini(struct shard *shard);

#endif
