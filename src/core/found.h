/* found.h - a delivery that can't go to its session yet, at start.
 *
 *     'h'           it was on its way to a member of a shared group, and goes
 *                   there, late
 *     'o', old      of version 1: it waits for its message (awaited.h)
 *
 * Of version 1 all of a queue is given. At the end the session is written anew,
 * with other orders, since there were gaps. What a session that has ended had
 * through a shared group goes to another member, too.
 */
#ifndef MOGI_CORE_FOUND_H
#define MOGI_CORE_FOUND_H

#include "base/bytes.h"
#include "base/err.h"

struct record_delivery;
struct record_key;
struct restored;
struct shard;

/* A delivery of version 1 for `restored`. ERR_ID_IN_USE: it is there twice, as
 * a crash found it on its way from this member of a group to itself. */
MUST_USE
enum err found_delivery(struct shard *shard, struct restored *restored,
                        const struct record_key *key,
                        const struct record_delivery *record);

/* One of version 1, of a session that has ended. ERR_ID_UNKNOWN: and it is for
 * nobody else. */
MUST_USE
enum err found_stray(struct shard *shard, const struct record_key *key,
                     const struct record_delivery *record);

/* A HANDOVER: it is kept where what its key names, a group or a client, is at
 * home. ERR_MALFORMED. */
MUST_USE
enum err found_handover(struct shard *shard, const struct record_key *key,
                        struct bytes value);

/* All messages are there: queue what is for a session, or say that it is lost.
 * The rest stays. */
void founds_settle(struct shard *shard);

/* Let other members of their groups have the rest. */
void founds_give(struct shard *shard);

/* Forget them all; their records stay. */
void founds_fini(struct shard *shard);

#endif
