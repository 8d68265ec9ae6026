/* subscribe.h - SUBSCRIBE and UNSUBSCRIBE. MQTT 5.0, 3.8 to 3.11
 *
 *     SUBSCRIBE -> judged whole -> index here -> told to all shards -> SUBACK
 *                                                (and on disk)          |
 *                                              retained messages  <-----'
 *
 * Who publishes after the client saw SUBACK is never missed: it leaves only
 * when every shard knows what is wanted. Nothing is delivered before it.
 * Retained messages are asked for after that, so that none falls between.
 */
#ifndef MOGI_CORE_SUBSCRIBE_H
#define MOGI_CORE_SUBSCRIBE_H

#include "base/err.h"
#include "base/list.h"
#include "core/conn.h"
#include "core/id.h"
#include "wire/packet.h"

struct session;
struct shard;
struct subscription;

/* A SUBSCRIBE or UNSUBSCRIBE on its way to its answer. The client's further
 * packets wait for it, so there is one at a time. */
struct subscribing {
    struct session *session;
    struct join_ref join;
    uint64_t batch;
    struct link recalls;         /* to be begun after the answer */
    struct subscription **fresh; /* pending until then */
    uint32_t fresh_count;
    bool shared;             /* so are memberships */
    enum packet_type answer; /* PACKET_SUBACK or PACKET_UNSUBACK */
    uint16_t packet_id;
    bool routed, joined;
    uint32_t code_count;
    uint8_t codes[];
};

/* The packet came. A filter that is malformed ends the connection, before any
 * other in the packet has an effect. */
MUST_USE
enum err subscribe_in(struct shard *shard, struct conn *conn,
                      const struct frame *frame);
MUST_USE
enum err unsubscribe_in(struct shard *shard, struct conn *conn,
                        const struct frame *frame);

/* All other shards answered. */
void subscribing_joined(struct shard *shard, struct subscribing *subscribing,
                        enum err reason);

/* Send the answer, if it is due. [MQTT-3.8.4-1] [MQTT-3.8.4-2] */
void subscribing_flush(struct shard *shard, struct session *session);

/* The connection ended: nobody waits for the answer, what was asked stands. */
void subscribing_drop(struct shard *shard, struct session *session);

/* End all subscriptions of `session`, shared ones too. */
void subscriptions_end(struct shard *shard, struct session *session);

/* Forget the shared ones, telling nobody: the shard itself ends. The others go
 * with the index. */
void subscriptions_forget(struct shard *shard, struct session *session);

#endif
