/* inbound.h - what one client published, until it knows that we have it.
 * MQTT 5.0, 4.3
 *
 *     receipts   [ PUBACK 7 | PUBREC 8 | PUBACK 9 ]   owed, in order
 *                  done       waits      done
 *     received   { 3, 8 }    QoS 2 ids between PUBLISH and PUBREL
 *
 * Part of a session. A receipt waits for the other shards that have receivers,
 * and for the disk; acknowledgements leave in the order of the publishes.
 * [MQTT-4.6.0-2] [MQTT-4.6.0-3]
 */
#ifndef MOGI_CORE_INBOUND_H
#define MOGI_CORE_INBOUND_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"
#include "core/bounds.h"
#include "core/id.h"
#include "core/idset.h"
#include "wire/packet.h"

struct session;
struct shard;

/* One acknowledgement that is owed. */
struct receipt {
    struct link link;
    struct session *session;
    struct join_ref join;
    uint64_t batch;
    uint32_t count; /* receivers */
    uint16_t packet_id;
    uint8_t type;   /* PACKET_PUBACK, PACKET_PUBREC or PACKET_PUBCOMP */
    uint8_t reason; /* of the standard, when it is known */
    bool routed;    /* this shard's part is done */
    bool joined;    /* so are the others' */
    bool wanted;    /* the client that asked is still connected */
    bool refusal;   /* PUBREC of what was refused at once: the id is not its */
};

/* A QoS 2 publish that a crash may have kept from some. See record.h. */
struct doubt {
    uint64_t stamp;
    struct bytes lack; /* who may lack it: see lack.h; not empty */
    uint16_t packet_id;
};

struct inbound {
    struct link receipts;
    uint32_t receipt_count;
    uint32_t unacknowledged; /* of this connection; see below */
    struct idset received;
    struct doubt *doubts; /* of ids in `received`; after a crash only */
    uint32_t doubt_count;
};

/* Nothing is owed. */
void inbound_init(struct inbound *inbound);

/* That of `session`, to be written in. All who never published with QoS > 0
 * share one that is empty, and get their own here. */
struct inbound *inbound_own(struct shard *shard, struct session *session);

/* Give up all. */
void inbound_fini(struct shard *shard, struct session *session);

/* The client published with QoS > 0. It then has one publish more that it has
 * not seen acknowledged: what Receive Maximum counts, on each connection from
 * the beginning. MQTT 5.0, 4.9 */
static inline void inbound_count(struct shard *shard, struct session *session)
{
    inbound_own(shard, session)->unacknowledged += 1;
}

/* Too much under way that waits for us, where `max` is what the client was told
 * it may send: its further packets wait. One that overruns the maximum by what
 * we have not answered yet is slowed down, not punished. */
static inline bool inbound_full(const struct inbound *inbound, uint32_t max)
{
    if (inbound->receipt_count >= INBOUND_PENDING_MAX) return true;
    return inbound->receipt_count > 0 && inbound->unacknowledged >= max;
}

/* Owe the client an acknowledgement of `type` for `packet_id`, behind all that
 * are owed already. */
struct receipt *receipt_new(struct shard *shard, struct session *session,
                            enum packet_type type, uint16_t packet_id);

/* This shard's part is done: `count` receivers, stored in `batch`. */
void receipt_routed(struct shard *shard, struct receipt *receipt,
                    uint32_t count, uint64_t batch);

/* All other shards answered. */
void receipt_joined(struct shard *shard, struct receipt *receipt,
                    uint32_t count, enum err reason);

/* The client sent the publish again, on another connection: it is owed now, and
 * behind what that connection is owed already. [MQTT-4.6.0-3] */
void receipt_again(struct shard *shard, struct receipt *receipt);

/* The PUBREC that is still owed for `packet_id`, or NULL. */
struct receipt *inbound_receipt(struct inbound *inbound, uint16_t packet_id);

/* The doubt about `packet_id`, or NULL. */
const struct doubt *inbound_doubt(const struct inbound *inbound,
                                  uint16_t packet_id);

/* Have one more, whose `lack` is copied, or drop that about `packet_id`, if
 * any. */
void inbound_doubt_add(struct inbound *inbound, struct pool *pool,
                       struct doubt doubt);
void inbound_doubt_drop(struct inbound *inbound, struct pool *pool,
                        uint16_t packet_id);

/* Send at once, or behind what is owed already: an acknowledgement that waits
 * for `batch` alone. */
void inbound_acknowledge(struct shard *shard, struct session *session,
                         enum packet_type type, uint16_t packet_id,
                         uint8_t reason, uint64_t batch);

/* Send the acknowledgements that are due. */
void inbound_flush(struct shard *shard, struct session *session);

/* The connection ended: nobody waits for what is owed. A refusal is forgotten:
 * the client has not heard it, and may have more luck with the same id. */
void inbound_detach(struct shard *shard, struct session *session);

#endif
