/* journal.h - what of a session must survive, as records. See record.h.
 *
 * Called wherever durable state changes; each call is a few PUT or DEL of the
 * step's batch. Nothing is written for a session that ends with its
 * connection, nor without the option `persistence` (as it was at start).
 *
 * A message is stored once; the store counts the deliveries that refer to it.
 * The first of a step brings it along, others of the same step only count.
 */
#ifndef MOGI_CORE_JOURNAL_H
#define MOGI_CORE_JOURNAL_H

#include "base/bytes.h"
#include "base/list.h"
#include "core/bounds.h"
#include "core/id.h"

#include <stdbool.h>
#include <stdint.h>

struct body;
struct delivery;
struct doubt;
struct membership;
struct session;
struct shard;
struct subscription;

struct journal {
    bool on;
    uint64_t held, held_step; /* the message that came last, and when */
};

/* Nothing is stored yet; `on`: something is to be. */
void journal_init(struct shard *shard, bool on);

/* One more record refers to `body`: the first of a step stores it. */
void journal_refer(struct shard *shard, struct body *body);

/* One less refers to the message `stamp`. It may have been the last. */
void journal_release(struct shard *shard, uint64_t stamp);

/* A handover refers to the message `stamp`, which is therefore stored: what is
 * written of it in this step need not bring it along. */
void journal_carried(struct shard *shard, uint64_t stamp);

/* The session itself: protocol, expiry, since when it is alone. One that has
 * become durable is written whole, one that no longer is is deleted whole. */
void journal_session(struct shard *shard, struct session *session);

/* It ended, and all that it had was told of before. */
void journal_session_gone(struct shard *shard, struct session *session);

/* Write all of `session`, which is durable, as if nothing of it were stored. */
void journal_session_whole(struct shard *shard, struct session *session);

/* One subscription, made or changed, and its end. */
void journal_subscription(struct shard *shard, const struct session *session,
                          const struct subscription *subscription);
void journal_subscription_gone(struct shard *shard,
                               const struct session *session,
                               const struct subscription *subscription);

/* The same for a shared subscription. */
void journal_membership(struct shard *shard, const struct session *session,
                        const struct membership *membership);
void journal_membership_gone(struct shard *shard, const struct session *session,
                             const struct membership *membership);

/* A delivery: new, numbered, or received. True when there is a record of it
 * now: QoS 1 and 2 of a session that survives. */
bool journal_delivery(struct shard *shard, struct session *session,
                      struct delivery *delivery);

/* The end of one that has a record. */
void journal_delivery_gone(struct shard *shard, const struct session *session,
                           const struct delivery *delivery);

/* The record of delivery `order`, which is not in memory, goes; it refers to
 * the message `stamp`, or with 0 to none. */
void journal_delivery_drop(struct shard *shard, struct bytes client_id,
                           uint64_t order, uint64_t stamp);

/* So does the record under `key`, as it was read. */
void journal_drop(struct shard *shard, struct bytes key);

/* QoS 2 id `packet_id` of the client, whose message has `stamp`, is between
 * PUBLISH and PUBREL; those of `lack` must have it, too: see lack.h. */
void journal_received(struct shard *shard, const struct session *session,
                      uint16_t packet_id, uint64_t stamp, struct bytes lack);

/* The same for one that a crash left in doubt. */
void journal_doubt(struct shard *shard, const struct session *session,
                   const struct doubt *doubt);

/* It is no more. */
void journal_released(struct shard *shard, const struct session *session,
                      uint16_t packet_id);

/* This shard has what another stamped `stamp`. */
void journal_heard(struct shard *shard, uint64_t stamp);

/* The session's will as it is now; none deletes it. */
void journal_will(struct shard *shard, struct session *session);

/* `body` is the retained message of its topic; not for "$SYS/". */
void journal_retained(struct shard *shard, struct body *body);

/* There is none on the topic of `body`. */
void journal_retained_gone(struct shard *shard, struct body *body);

#endif
