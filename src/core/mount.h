/* mount.h - a listener's clients live below a topic that they do not see.
 *
 *     client     a/b      $share/g/a/#         a/b
 *                 |            |                ^
 *     inside   mnt/a/b   $share/g/mnt/a/#    mnt/a/b
 *
 * Inside, every topic and filter is whole: routing, rules and records know of
 * no mount points. A session that comes back through another listener keeps its
 * subscriptions, and sees what they bring as far as it is below the mount point
 * that it now has.
 */
#ifndef MOGI_CORE_MOUNT_H
#define MOGI_CORE_MOUNT_H

#include "base/bytes.h"
#include "base/err.h"

struct conn;
struct shard;

/* `*topic`, a valid topic name of the client of `conn`, becomes what it is
 * inside; it is valid until the next call. ERR_TOPIC: too long. */
MUST_USE
enum err mount_topic(struct shard *shard, const struct conn *conn,
                     struct bytes *topic);

/* The same for a valid filter, shared or not. ERR_FILTER: too long, or a
 * wildcard would no longer stand alone in its level. */
MUST_USE
enum err mount_filter(struct shard *shard, const struct conn *conn,
                      struct bytes *filter);

/* Is `topic` seen by those who come through `listener`? Then it becomes what
 * they see. */
bool mount_strip(const struct shard *shard, uint16_t listener,
                 struct bytes *topic);

#endif
