/* outbound.h - messages on their way to one client. MQTT 5.0, 4.3, 4.4, 4.9
 *
 *     queue (to be sent)           window (sent, unacknowledged)
 *     [ m9 | m8 | m7 ]   ------>   [ m6 | m5 ]   ------>   forgotten
 *      <= max_queued_messages       <= window_max
 *
 * Of a queue that is stored only the head is in memory: see backlog.h. Counts
 * and bytes of the queue are those of all of it.
 *
 * Part of a session, outlives its connection: when that ends, the window goes
 * back to the queue's front, each with the packet id it has, and is sent again
 * in its order on the next one. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
 *
 * Packet ids: `slots` holds who uses an id at id & mask; an id is given out
 * only when its place is free, so ids in flight are unique and found at once.
 */
#ifndef MOGI_CORE_OUTBOUND_H
#define MOGI_CORE_OUTBOUND_H

#include "base/err.h"
#include "base/list.h"
#include "core/conn.h"
#include "core/message.h"
#include "wire/packet.h"

struct backlog;
struct session;
struct shard;

enum delivery_state {
    DELIVERY_QUEUED,  /* never sent */
    DELIVERY_SENT,    /* PUBLISH sent, at least once */
    DELIVERY_RECEIVED /* PUBREC came: PUBREL is sent from now on */
};

/* One message for one client. */
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
    uint16_t identifier_count;
    uint32_t identifiers[];
};

struct outbound {
    struct link queue; /* its head */
    struct link window;
    struct backlog *backlog; /* what is behind the head; NULL: nothing */
    struct delivery **slots;
    uint32_t slot_count; /* a power of two, or 0 */
    uint32_t ids_used;
    uint32_t queue_count, window_count;
    uint32_t queue_qos0_count;
    uint32_t head_count; /* in memory, of the queue */
    uint64_t head_bytes;
    uint64_t queue_bytes, window_bytes;
    uint64_t order;
    uint64_t total_bytes; /* ever stored: see record.h */
    uint64_t holed;       /* the batch that took the last out of the middle */
    uint16_t next_id;
    uint16_t window_max; /* of this connection, > 0 */
    bool overflow_noted;
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

/* Nothing to send, nobody to send it to. */
void outbound_init(struct outbound *outbound);

/* Could a message be sent at once, without waiting in the queue? */
bool outbound_idle(const struct session *session);

/* Offer `m` (borrowed; it is shared when it must be kept): send it if there is
 * room, else queue it.
 *
 * OK; or ERR_FULL: a limit of the queue is reached, or `m` is QoS 0 and can't
 * be sent now: it is counted as dropped. Never exceeds the client's Receive
 * Maximum. [MQTT-3.3.4-9] */
MUST_USE
enum err outbound_offer(struct shard *shard, struct session *session,
                        struct message *m, const struct terms *terms);

/* Send what can be sent now. */
void outbound_pump(struct shard *shard, struct session *session);

/* An acknowledgement of `type` (PUBACK, PUBREC, PUBCOMP) with `reason` came
 * for `packet_id`. OK; ERR_ID_UNKNOWN: nothing is in flight under it;
 * ERR_PROTOCOL: not the one that is due. */
MUST_USE
enum err outbound_acknowledge(struct shard *shard, struct session *session,
                              enum packet_type type, uint16_t packet_id,
                              uint8_t reason);

/* The batch that delivery `packet_id` waited for is on disk: send it, if it is
 * still in the window. */
void outbound_release(struct shard *shard, struct session *session,
                      uint16_t packet_id);

/* A connection begins, whose client takes `window_max` > 0 unacknowledged. */
void outbound_attach(struct outbound *outbound, uint16_t window_max);

/* The connection ended: the window goes back to the queue. What came through a
 * shared subscription and may go to another member is given back. */
void outbound_detach(struct shard *shard, struct session *session);

/* Give up all; with `gone` their records go too, and shared messages that
 * others may have are given back. */
void outbound_fini(struct shard *shard, struct session *session, bool gone);

/* The shared subscription `group` was left: what is queued through it stays
 * with this client. */
void outbound_forget_group(struct session *session, struct bytes group);

/* Add `delivery`, which is counted as queued already, to the end of the head.
 */
void outbound_append(struct session *session, struct delivery *delivery);

/* The end of `delivery`, which is queued, in the head or in the backlog;
 * `dropped`: it was never sent. */
void outbound_drop(struct shard *shard, struct session *session,
                   struct delivery *delivery, bool dropped);

/* May `delivery` go to another member of its shared subscription? */
bool delivery_returnable(const struct delivery *delivery);

struct record_delivery;

/* What a record says, without its message, not in a shared group. */
struct delivery *delivery_build(struct shard *shard,
                                const struct record_delivery *record);

/* The same of `session`, which has it on disk, with its message `m` and in its
 * group, if it still is a member. NULL: there is no memory for the body. */
struct delivery *delivery_stored(struct shard *shard, struct session *session,
                                 const struct record_delivery *record,
                                 struct message *m);

/* Queue `delivery`, which was stored, in the order of the calls: `order` rises.
 * False: its packet id is in use, or its order wrong; nothing happened. */
MUST_USE
bool outbound_restore(struct shard *shard, struct session *session,
                      struct delivery *delivery);

/* A delivery of `identifier_count`, all else zero, and its end. */
struct delivery *delivery_new(struct shard *shard, uint16_t identifier_count);
void delivery_free(struct shard *shard, struct delivery *delivery);

/* Give `delivery` of member `session`, whose client id is given, back to its
 * group. Its record, if any, stays until another has one: what is stored is
 * never nowhere. The delivery itself is the caller's to free. */
void delivery_give(struct shard *shard, struct session_ref session,
                   struct bytes client_id, struct delivery *delivery);

/* Drop the QoS 0 messages that wait for `conn`'s output. */
void outbound_drop_waiting(struct shard *shard, struct conn *conn);

#endif
