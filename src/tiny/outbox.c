/* outbox.c - see outbox.h; and the output of mogi/tiny.h. */
#include "tiny/outbox.h"

#include "tiny/engine.h"
#include "tiny/flight.h"

#include <assert.h>

uint32_t outbox_position(const struct mogi_tiny *t)
{
    assert(t->out_first <= t->out_end);
    return (uint32_t)(t->out_sent_total + (t->out_end - t->out_first));
}

size_t outbox_room(const struct mogi_tiny *t)
{
    assert(t->out_end <= t->memory.out_size);
    return t->memory.out_size - (t->out_end - t->out_first);
}

bool outbox_open(struct mogi_tiny *t, size_t size, struct writer *w)
{
    if (size > outbox_room(t)) return false;
    if (size > t->memory.out_size - t->out_end) {
        size_t used = t->out_end - t->out_first;
        memmove(t->memory.out, t->memory.out + t->out_first, used);
        t->out_first = 0;
        t->out_end = used;
    }
    *w = writer_at(t->memory.out + t->out_end, size);
    return true;
}

void outbox_close(struct mogi_tiny *t, const struct writer *w)
{
    assert(!w->failed);
    struct bytes packet = writer_bytes(w);
    assert(packet.data == t->memory.out + t->out_end);
    t->out_end += packet.size;
    assert(t->out_end <= t->memory.out_size);
    if (t->trace != NULL) t->trace(t->trace_context, true, engine_view(packet));
}

void outbox_clear(struct mogi_tiny *t)
{
    t->out_first = t->out_end = 0;
}

/* Bytes of `out` that leave before `slot`; 0 when it is `slot`'s turn. */
static size_t slot_distance(const struct mogi_tiny *t,
                            const struct mogi_tiny_slot *slot)
{
    if (slot->sent > 0) return 0;
    return (uint32_t)(slot->mark - t->out_sent_total);
}

struct mogi_bytes mogi_tiny_output(struct mogi_tiny *t)
{
    struct bytes out =
        bytes_at(t->memory.out + t->out_first, t->out_end - t->out_first);
    struct mogi_tiny_slot *slot = flight_sending(t);
    if (slot == NULL) return engine_view(out);
    size_t distance = slot_distance(t, slot);
    if (distance == 0) {
        struct bytes packet = flight_packet(t, slot);
        return engine_view(bytes_skip(packet, slot->sent));
    }
    assert(distance <= out.size);
    out.size = distance;
    return engine_view(out);
}

void mogi_tiny_sent(struct mogi_tiny *t, size_t count, uint32_t now_ms)
{
    assert(count <= mogi_tiny_output(t).size);
    if (count == 0) return;
    t->last_out_ms = now_ms;
    struct mogi_tiny_slot *slot = flight_sending(t);
    if (slot != NULL && slot_distance(t, slot) == 0) {
        slot->sent += (uint32_t)count;
        if (slot->sent == slot->size) slot->state = FLIGHT_SENT;
        return;
    }
    t->out_first += count;
    t->out_sent_total = (uint32_t)(t->out_sent_total + count);
    if (t->out_first == t->out_end) t->out_first = t->out_end = 0;
    flight_go(t);
}
