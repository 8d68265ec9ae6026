/* waiting.h - QoS 0 that waits for room in the output of its connection.
 *
 * What is promised to nobody is bounded by the memory it takes, not by a number
 * of messages, so that a burst passes; one message may always wait. Ends with
 * the connection, which has none while nothing waits.
 */
#ifndef MOGI_CORE_WAITING_H
#define MOGI_CORE_WAITING_H

#include "base/err.h"
#include "base/list.h"
#include "core/delivery.h"

struct conn;
struct session;
struct shard;

struct waiting {
    struct link list; /* struct delivery; never empty */
    uint64_t bytes;   /* that they take, about */
};

/* Let `m` (borrowed, shared from now on) wait for `conn`. ERR_FULL: there is
 * no room. */
MUST_USE
enum err waiting_push(struct shard *shard, struct conn *conn, struct message *m,
                      const struct terms *terms);

/* Send what waits, as far as there is room, to `session`, which is connected.
 */
void waiting_send(struct shard *shard, struct session *session);

/* Drop what waits for `conn`; counted as dropped. */
void waiting_drop(struct shard *shard, struct conn *conn);

#endif
