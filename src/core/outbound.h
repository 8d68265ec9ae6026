/* outbound.h - messages on their way to one client. MQTT 5.0, 4.3, 4.4, 4.9
 *
 *     queue (to be sent)           window (sent, unacknowledged)
 *     [ m9 | m8 | m7 ]   ------>   [ m6 | m5 ]   ------>   forgotten
 *      <= max_queued_messages       <= window_max
 *
 * Of a queue that is stored only the head is in memory: see backlog.h. Counts
 * and bytes of the queue are those of all of it. Its limits are about what was
 * never sent: what is in flight does not count, nor does it when the client is
 * away.
 *
 * Part of a session, outlives its connection: when that ends, the window goes
 * back to the queue's front, each with the packet id it has, and is sent again
 * in its order on the next one. [MQTT-4.4.0-1] [MQTT-4.6.0-1]
 *
 * A session that never gets more than QoS 0 while it is connected has none of
 * its own: all those share one that is empty.
 */
#ifndef MOGI_CORE_OUTBOUND_H
#define MOGI_CORE_OUTBOUND_H

#include "base/err.h"
#include "base/list.h"
#include "core/delivery.h"
#include "core/inflight.h"
#include "core/message.h"
#include "wire/packet.h"

struct backlog;
struct session;
struct shard;

/* Zero but for the lists. Orders, and the last packet id, outlive it: they are
 * the session's. */
struct outbound {
    struct link queue; /* its head */
    struct link window;
    uint32_t queue_count, window_count;
    uint32_t queue_qos0_count;
    uint32_t head_count; /* in memory, of the queue */
    uint32_t sent_count; /* of the queue, to be sent again */
    struct inflight ids;
    struct backlog *backlog; /* what is behind the head; NULL: nothing */
    uint64_t head_bytes;
    uint64_t queue_bytes, window_bytes;
    uint64_t sent_bytes;
    uint64_t total_bytes; /* ever stored: see record.h */
    uint64_t holed;       /* the batch that took the last out of the middle */
};

/* That of all sessions for which there is nothing; never written. */
extern const struct outbound outbound_none;

/* That of `session`, to be written in: its own from now on. */
struct outbound *outbound_own(struct shard *shard, struct session *session);

/* How many of the queue were never sent. */
static inline uint32_t outbound_unsent(const struct outbound *o)
{
    return o->queue_count - o->sent_count;
}

/* Their bytes. */
static inline uint64_t outbound_unsent_bytes(const struct outbound *o)
{
    return o->queue_bytes - o->sent_bytes;
}

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

/* The connection ended: the window goes back to the queue. What came through a
 * shared subscription and may go to another member is given back. With nothing
 * left, the session's own outbound is given back as well. */
void outbound_detach(struct shard *shard, struct session *session);

/* Give up all; with `gone` their records go too, and shared messages that
 * others may have are given back. */
void outbound_fini(struct shard *shard, struct session *session, bool gone);

/* The shared subscription `group` was left: what is queued through it stays
 * with this client as long as its session lasts, and goes to another member
 * then. [MQTT-3.10.4-3] */
void outbound_resign(struct session *session, struct bytes group);

/* Add `delivery`, which is counted as queued already, to the end of the head.
 */
void outbound_append(struct session *session, struct delivery *delivery);

/* The end of `delivery`, which is queued, in the head or in the backlog;
 * `dropped`: it was never sent. */
void outbound_drop(struct shard *shard, struct session *session,
                   struct delivery *delivery, bool dropped);

/* Queue `delivery`, which was stored, in the order of the calls: `order` rises.
 * False: its packet id is in use, or its order wrong; nothing happened. */
MUST_USE
bool outbound_restore(struct shard *shard, struct session *session,
                      struct delivery *delivery);

#endif
