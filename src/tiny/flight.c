/* flight.c - see flight.h. */
#include "tiny/flight.h"

#include "tiny/engine.h"
#include "tiny/outbox.h"
#include "wire/ack.h"
#include "wire/reason.h"

#include <assert.h>

enum { DUP_FLAG = 0x08, RETAIN_FLAG = 0x01 };

uint16_t flight_id(struct mogi_tiny *t)
{
    /* There are as many ids as there can be slots. */
    bool all = t->slot_end - t->slot_first == UINT16_MAX;
    if (all && flight_count(t) == UINT16_MAX) return 0;
    do {
        t->last_id = (uint16_t)(t->last_id + 1);
    } while (t->last_id == 0 || flight_find(t, t->last_id) != NULL);
    return t->last_id;
}

/* Move `slot`'s packet down to `offset`. */
static void packet_move(struct mogi_tiny *t, struct mogi_tiny_slot *slot,
                        size_t offset)
{
    assert(offset <= slot->offset);
    if (slot->size > 0) {
        memmove(t->memory.store + offset, t->memory.store + slot->offset,
                slot->size);
    }
    slot->offset = (uint32_t)offset;
}

/* Close all gaps, in the slots and in the store. */
static void flight_pack(struct mogi_tiny *t)
{
    size_t used = 0;
    size_t bytes = 0;
    size_t next = 0;
    size_t send = 0;
    for (size_t i = t->slot_first; i < t->slot_end; i++) {
        struct mogi_tiny_slot slot = t->memory.slots[i];
        if (slot.state == FLIGHT_FREE) continue;
        packet_move(t, &slot, bytes);
        if (i < t->slot_next) next = used + 1;
        if (i < t->slot_send) send = used + 1;
        t->memory.slots[used] = slot;
        used += 1;
        bytes += slot.size;
    }
    t->slot_first = 0;
    t->slot_end = used;
    t->slot_next = next;
    t->slot_send = send;
    t->store_end = bytes;
}

struct mogi_tiny_slot *flight_add(struct mogi_tiny *t, uint16_t id, size_t size)
{
    assert(id != 0);
    assert(t->store_end <= t->memory.store_size);
    bool room = t->slot_end < t->memory.slot_count &&
                size <= t->memory.store_size - t->store_end;
    if (!room) flight_pack(t);
    if (t->slot_end == t->memory.slot_count) return NULL;
    if (size > t->memory.store_size - t->store_end) return NULL;
    struct mogi_tiny_slot *slot = &t->memory.slots[t->slot_end];
    *slot = (struct mogi_tiny_slot){.offset = (uint32_t)t->store_end,
                                    .size = (uint32_t)size,
                                    .packet_id = id,
                                    .state = FLIGHT_WAITING};
    t->slot_end += 1;
    t->store_end += size;
    return slot;
}

struct mogi_tiny_slot *flight_find(struct mogi_tiny *t, uint16_t id)
{
    for (size_t i = t->slot_first; i < t->slot_end; i++) {
        struct mogi_tiny_slot *slot = &t->memory.slots[i];
        if (slot->packet_id == id && slot->state != FLIGHT_FREE) return slot;
    }
    return NULL;
}

/* Does `state` take a place in the server's Receive Maximum? */
static bool state_counts(uint8_t state)
{
    return state == FLIGHT_SENDING || state == FLIGHT_SENT ||
           state == FLIGHT_RELEASED;
}

void flight_free(struct mogi_tiny *t, struct mogi_tiny_slot *slot)
{
    assert(slot->state != FLIGHT_FREE);
    if (state_counts(slot->state)) {
        assert(t->window_used > 0);
        t->window_used -= 1;
    }
    slot->state = FLIGHT_FREE;
    slot->size = 0;
    while (t->slot_first < t->slot_end &&
           t->memory.slots[t->slot_first].state == FLIGHT_FREE) {
        t->slot_first += 1;
    }
    if (t->slot_next < t->slot_first) t->slot_next = t->slot_first;
    if (t->slot_send < t->slot_first) t->slot_send = t->slot_first;
    if (t->slot_first < t->slot_end) return;
    t->slot_first = t->slot_end = t->slot_next = t->slot_send = 0;
    t->store_end = 0;
}

void flight_release(struct mogi_tiny *t, struct mogi_tiny_slot *slot)
{
    assert(state_counts(slot->state));
    assert(t->window_used > 0);
    slot->state = FLIGHT_RELEASED;
    slot->size = 0;
}

struct bytes flight_packet(const struct mogi_tiny *t,
                           const struct mogi_tiny_slot *slot)
{
    assert((size_t)slot->offset + slot->size <= t->memory.store_size);
    return bytes_at(t->memory.store + slot->offset, slot->size);
}

/* Why this server must not be sent `slot`'s packet; 0: it may. It was accepted
 * when the server was not known, or by another one. [MQTT-3.2.2-11]
 * [MQTT-3.2.2-14] [MQTT-3.2.2-15] */
static uint8_t slot_refusal(const struct mogi_tiny *t,
                            const struct mogi_tiny_slot *slot)
{
    uint8_t first = t->memory.store[slot->offset];
    if (slot->size > t->server_packet_size_max) return REASON_PACKET_TOO_LARGE;
    if ((first >> 1 & 3) > t->server_qos_max) return REASON_QOS_NOT_SUPPORTED;
    if ((first & RETAIN_FLAG) != 0 && !t->server_retain) {
        return REASON_RETAIN_NOT_SUPPORTED;
    }
    return 0;
}

/* Let one waiting PUBLISH go; false when the window is full. */
static bool publish_go(struct mogi_tiny *t, struct mogi_tiny_slot *slot)
{
    if (slot_refusal(t, slot) != 0) {
        slot->state = FLIGHT_REFUSED;
        t->refused_count += 1;
        return true;
    }
    if (t->window_used >= t->server_receive_max) return false;
    t->window_used += 1;
    slot->state = FLIGHT_SENDING;
    slot->sent = 0;
    slot->mark = outbox_position(t);
    if (t->trace != NULL) {
        t->trace(t->trace_context, true, engine_view(flight_packet(t, slot)));
    }
    return true;
}

/* Say PUBREL again; false when `out` has no room. */
static bool release_go(struct mogi_tiny *t, struct mogi_tiny_slot *slot)
{
    struct ack ack = {.type = PACKET_PUBREL, .packet_id = slot->packet_id};
    struct writer w;
    if (outbox_room(t) < ENGINE_RESERVE + ACK_SIZE) return false;
    bool room = outbox_open(t, ack_size(&ack, engine_protocol(t)), &w);
    assert(room);
    ack_encode(&ack, engine_protocol(t), &w);
    outbox_close(t, &w);
    slot->state = FLIGHT_RELEASED;
    t->window_used += 1;
    return true;
}

void flight_go(struct mogi_tiny *t)
{
    if (t->state != ENGINE_CONNECTED) return;
    for (; t->slot_next < t->slot_end; t->slot_next++) {
        struct mogi_tiny_slot *slot = &t->memory.slots[t->slot_next];
        if (slot->state == FLIGHT_WAITING && !publish_go(t, slot)) return;
        if (slot->state == FLIGHT_RELEASE && !release_go(t, slot)) return;
    }
}

struct mogi_tiny_slot *flight_sending(struct mogi_tiny *t)
{
    for (; t->slot_send < t->slot_next; t->slot_send++) {
        struct mogi_tiny_slot *slot = &t->memory.slots[t->slot_send];
        if (slot->state == FLIGHT_SENDING) return slot;
    }
    return NULL;
}

static void slot_closed(struct mogi_tiny *t, struct mogi_tiny_slot *slot)
{
    switch (slot->state) {
    case FLIGHT_SENT:
    case FLIGHT_SENDING:
        /* [MQTT-3.3.1-1] */
        if (slot->sent > 0) t->memory.store[slot->offset] |= DUP_FLAG;
        slot->state = FLIGHT_WAITING;
        slot->sent = 0;
        break;
    case FLIGHT_REFUSED: slot->state = FLIGHT_WAITING; break;
    case FLIGHT_RELEASED: slot->state = FLIGHT_RELEASE; break;
    case FLIGHT_SUBSCRIBE:
    case FLIGHT_UNSUBSCRIBE: slot->state = FLIGHT_FREE; break;
    default: break;
    }
}

void flight_closed(struct mogi_tiny *t)
{
    for (size_t i = t->slot_first; i < t->slot_end; i++) {
        slot_closed(t, &t->memory.slots[i]);
    }
    t->window_used = 0;
    t->refused_count = 0;
    t->slot_next = t->slot_send = t->slot_first;
    flight_pack(t);
}

void flight_opened(struct mogi_tiny *t, bool session_present)
{
    for (size_t i = t->slot_first; i < t->slot_end; i++) {
        struct mogi_tiny_slot *slot = &t->memory.slots[i];
        if (slot->state != FLIGHT_WAITING || session_present) continue;
        t->memory.store[slot->offset] &= (uint8_t)~DUP_FLAG;
    }
    flight_go(t);
}

bool flight_refused(struct mogi_tiny *t, uint16_t *id, uint8_t *reason)
{
    if (t->refused_count == 0) return false;
    t->refused_count -= 1;
    for (size_t i = t->slot_first; i < t->slot_next; i++) {
        struct mogi_tiny_slot *slot = &t->memory.slots[i];
        if (slot->state != FLIGHT_REFUSED) continue;
        *id = slot->packet_id;
        *reason = slot_refusal(t, slot);
        flight_free(t, slot);
        return true;
    }
    assert(false);
    return false;
}

size_t flight_count(const struct mogi_tiny *t)
{
    size_t count = 0;
    for (size_t i = t->slot_first; i < t->slot_end; i++) {
        if (t->memory.slots[i].state != FLIGHT_FREE) count += 1;
    }
    return count;
}
