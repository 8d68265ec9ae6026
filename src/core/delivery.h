/* delivery.h - one message for one client: what was promised, and how far it
 * is. MQTT 5.0, 4.3
 *
 *     QUEUED --PUBLISH--> SENT --PUBREC--> RECEIVED   (QoS 2)
 *                          |                  |
 *                        PUBACK            PUBCOMP
 *                          +----> the end <---+
 *
 * In one list at a time, whose owner ends it: the queue or the window of a
 * session (outbound.h), what is behind them (backlog.h), or what waits for the
 * output of a connection (waiting.h).
 */
#ifndef MOGI_CORE_DELIVERY_H
#define MOGI_CORE_DELIVERY_H

#include "base/list.h"
#include "core/id.h"
#include "core/message.h"
#include "wire/packet.h"

struct record_delivery;
struct session;
struct shard;

enum delivery_state {
    DELIVERY_QUEUED,  /* never sent */
    DELIVERY_SENT,    /* PUBLISH sent, at least once */
    DELIVERY_RECEIVED /* PUBREC came: PUBREL is sent from now on */
};

struct delivery {
    struct link link;
    struct body *body;
    struct body *group; /* of a shared subscription, or NULL */
    uint64_t order;     /* place among those ever stored; 0: it never was */
    uint64_t bytes;     /* queued before and with it: see record.h */
    uint64_t batch;     /* must be on disk before it is sent */
    uint64_t kept;      /* with this one its first record is on disk */
    uint16_t packet_id; /* 0 until it is first sent */
    uint8_t qos;        /* 0..2 */
    uint8_t state;      /* enum delivery_state */
    bool retain;
    bool stored;    /* there is a record of it */
    bool held;      /* in the window, but not sent: the gate has it */
    bool in_window; /* else in the queue */
    bool behind;    /* of that not in the head, but in the backlog */
    bool resigned;  /* its group was left: see outbound_resign */
    uint16_t identifier_count;
    uint32_t identifiers[];
};

/* How a message shall go to a client. */
struct terms {
    uint8_t qos;
    bool retain;
    bool forced; /* no limit of the queue applies */
    uint16_t identifier_count;
    const uint32_t *identifiers;
    struct body *group; /* borrowed; NULL: not a shared subscription */
};

/* A delivery of `identifier_count`, all else zero, and its end. */
struct delivery *delivery_new(struct shard *shard, uint16_t identifier_count);
void delivery_free(struct shard *shard, struct delivery *delivery);

/* A delivery of `m` (borrowed, shared from now on) on `terms`. */
struct delivery *delivery_of(struct shard *shard, struct message *m,
                             const struct terms *terms);

/* What a record says, without its message, not in a shared group. */
struct delivery *delivery_build(struct shard *shard,
                                const struct record_delivery *record);

/* The same of `session`, which has it on disk, with its message `m` and in its
 * group. */
struct delivery *delivery_stored(struct shard *shard, struct session *session,
                                 const struct record_delivery *record,
                                 struct message *m);

/* The bytes that it counts for in a queue. */
static inline uint64_t delivery_bytes(const struct delivery *delivery)
{
    return delivery->body->message.payload.size;
}

/* Send PUBLISH of `delivery` to `session`, which is connected. False when the
 * client does not take packets so large, or may not read it any more: it is
 * then as if it had been sent and acknowledged. [MQTT-3.1.2-25] */
bool delivery_send(struct shard *shard, struct session *session,
                   const struct delivery *delivery);

/* Is `type`, an acknowledgement, what is due next? */
bool delivery_due(const struct delivery *delivery, enum packet_type type);

/* May it go to another member of its shared subscription? Not what is under way
 * with QoS 2. [MQTT-4.8.2-4] [MQTT-4.8.2-5] */
bool delivery_returnable(const struct delivery *delivery);

/* Give `delivery` of member `session`, whose client id is given, back to its
 * group. Its record, if any, becomes a handover: what is stored is never
 * nowhere. The delivery itself is the caller's to free. */
void delivery_give(struct shard *shard, struct session_ref session,
                   struct bytes client_id, struct delivery *delivery);

#endif
