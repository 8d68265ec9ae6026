/* restored.h - a session that comes back, at start, with its parts.
 *
 *     'S' --> restored --> 'g' 'o' 'q' 's' 'w' --> settled: alone since now
 *
 * It is on disk as it comes; only what is another then (where it is at home,
 * what begins when its connection ends) is written at the end. One with a queue
 * of version 1 is written anew.
 */
#ifndef MOGI_CORE_RESTORED_H
#define MOGI_CORE_RESTORED_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"

struct record_key;
struct session;
struct shard;

struct restored {
    struct link link;
    struct session *session;
    uint16_t home;   /* the shard that wrote it */
    bool will_begun; /* its will's delay had begun */
    bool old;        /* deliveries of version 1 came */
};

/* A SESSION of any client. If it is at home here, what follows is its own. All
 * of these give ERR_MALFORMED. */
MUST_USE
enum err restored_session(struct shard *shard, const struct record_key *key,
                          struct bytes value);

/* Parts of the session that came last. */
MUST_USE
enum err restored_subscription(struct shard *shard,
                               const struct record_key *key,
                               struct bytes value);
MUST_USE
enum err restored_membership(struct shard *shard, const struct record_key *key,
                             struct bytes value);
MUST_USE
enum err restored_received(struct shard *shard, const struct record_key *key,
                           struct bytes value);
MUST_USE
enum err restored_will(struct shard *shard, const struct record_key *key,
                       struct bytes value);

/* One that was sent, one end of what was not, or one of version 1. */
MUST_USE
enum err restored_delivery(struct shard *shard, const struct record_key *key,
                           struct bytes value);

/* From now on there are records of them all. */
void restoreds_stored(struct shard *shard);

/* All has come: they are alone, as if their connections had just ended. */
void restoreds_settle(struct shard *shard);

/* Forget that they came back. */
void restoreds_fini(struct shard *shard);

#endif
