/* journal.h - what of a session must survive, as records. See record.h.
 *
 * Called wherever durable state changes; nothing is written for a session that
 * ends with its connection, nor without the option `persistence`.
 */
#ifndef MOGI_CORE_JOURNAL_H
#define MOGI_CORE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

struct body;
struct delivery;
struct membership;
struct session;
struct shard;
struct subscription;

/* The session itself: protocol, expiry, since when it is alone. */
void journal_session(struct shard *shard, const struct session *session);

/* It ended. Its parts are told of one by one before. */
void journal_session_gone(struct shard *shard, const struct session *session);

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
bool journal_delivery(struct shard *shard, const struct session *session,
                      const struct delivery *delivery);
void journal_delivery_gone(struct shard *shard, const struct session *session,
                           const struct delivery *delivery);

/* A QoS 2 id of the client is (`on`) between PUBLISH and PUBREL, or no more. */
void journal_received(struct shard *shard, const struct session *session,
                      uint16_t packet_id, bool on);

/* The session's will as it is now; none deletes it. */
void journal_will(struct shard *shard, const struct session *session);

/* `body` is the retained message of its topic. */
void journal_retained(struct shard *shard, struct body *body);

/* There is none on the topic of `body`. */
void journal_retained_gone(struct shard *shard, struct body *body);

#endif
