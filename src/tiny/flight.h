/* flight.h - what is under way: QoS 1 and 2 messages and where each stands in
 * its handshake, subscriptions not yet answered. MQTT 5.0, 4.3 and 4.4
 *
 *     slots   [ free | s3 | free | s5 | s6 | s7 ]      in the order of sending
 *                ^first               ^next       ^end
 *     store   [ .... | p3 | .... | p5 | p6 | p7 ]      their packets, whole
 *
 *     WAITING --window has room--> SENDING --all left--> SENT --PUBACK--> FREE
 *                                                          |
 *                                  RELEASED <----PUBREC----+
 *                                     | PUBCOMP --> FREE
 *
 * A lost connection turns SENDING and SENT into WAITING, RELEASED into RELEASE
 * (PUBREL must be said again), and frees subscriptions. Freed places are used
 * again when the end is reached: then all that lives is moved to the front.
 */
#ifndef MOGI_TINY_FLIGHT_H
#define MOGI_TINY_FLIGHT_H

#include "base/bytes.h"
#include "mogi/tiny.h"

enum flight_state {
    FLIGHT_FREE = 0,
    FLIGHT_WAITING,
    FLIGHT_SENDING,
    FLIGHT_SENT,
    FLIGHT_RELEASE,
    FLIGHT_RELEASED,
    FLIGHT_REFUSED, /* the server of this connection cannot take it */
    FLIGHT_SUBSCRIBE,
    FLIGHT_UNSUBSCRIBE,
};

/* A packet id that nothing under way has; 0: all have one. [MQTT-2.2.1-3] */
uint16_t flight_id(struct mogi_tiny *t);

/* A new last slot, with `size` bytes of store (0: none), in the state WAITING
 * and with the packet id `id`; NULL when slots or store are used up. */
struct mogi_tiny_slot *flight_add(struct mogi_tiny *t, uint16_t id,
                                  size_t size);

/* The slot with packet id `id`; NULL when there is none. */
struct mogi_tiny_slot *flight_find(struct mogi_tiny *t, uint16_t id);

/* Done with `slot`. */
void flight_free(struct mogi_tiny *t, struct mogi_tiny_slot *slot);

/* PUBREC came: the message itself is no longer needed. */
void flight_release(struct mogi_tiny *t, struct mogi_tiny_slot *slot);

/* The packet of `slot`, in the store. */
struct bytes flight_packet(const struct mogi_tiny *t,
                           const struct mogi_tiny_slot *slot);

/* Let waiting slots go, in order, while the server's Receive Maximum and the
 * `out` memory (for PUBREL) have room. [MQTT-3.3.4-7] [MQTT-4.9.0-2] */
void flight_go(struct mogi_tiny *t);

/* The first slot that is SENDING; NULL when none is. */
struct mogi_tiny_slot *flight_sending(struct mogi_tiny *t);

/* The connection is gone. */
void flight_closed(struct mogi_tiny *t);

/* The server accepted. Without a session there, messages are new to it and not
 * marked DUP. */
void flight_opened(struct mogi_tiny *t, bool session_present);

/* Take a slot that was REFUSED: frees it, gives its id and the reason; false
 * when there is none. */
bool flight_refused(struct mogi_tiny *t, uint16_t *id, uint8_t *reason);

/* Slots that are not free. */
size_t flight_count(const struct mogi_tiny *t);

#endif
