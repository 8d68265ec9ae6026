/* inflight.c - the packet ids of one client's deliveries. */
#include "core/inflight.h"

#include "core/delivery.h"

#include <assert.h>

enum { SLOTS_FIRST = 8, PACKET_IDS = 65535 };

static struct delivery **slot_of(const struct inflight *i, uint16_t packet_id)
{
    assert(i->slot_count > 0);
    return &i->slots[packet_id & (i->slot_count - 1)];
}

static void slots_grow(struct inflight *i, struct pool *pool)
{
    uint32_t old = i->slot_count;
    struct delivery **before = i->slots;
    i->slot_count = old == 0 ? SLOTS_FIRST : old * 2;
    assert((i->slot_count & (i->slot_count - 1)) == 0);
    i->slots = pool_take(pool, i->slot_count * sizeof *i->slots);
    for (uint32_t at = 0; at < old; at++) {
        if (before[at] != NULL) *slot_of(i, before[at]->packet_id) = before[at];
    }
    pool_give(pool, before, old * sizeof *before);
}

void inflight_take(struct inflight *i, struct pool *pool, struct delivery *d)
{
    assert(d->packet_id == 0);
    assert(i->used < PACKET_IDS);
    bool half = i->used * 2 >= i->slot_count;
    if (half && i->slot_count <= PACKET_IDS) slots_grow(i, pool);
    do {
        i->next = i->next == PACKET_IDS ? 1 : i->next + 1;
    } while (*slot_of(i, i->next) != NULL);
    d->packet_id = i->next;
    *slot_of(i, d->packet_id) = d;
    i->used += 1;
    assert(i->used <= i->slot_count);
}

bool inflight_put(struct inflight *i, struct pool *pool, struct delivery *d)
{
    assert(d->packet_id != 0);
    if (inflight_find(i, d->packet_id) != NULL) return false;
    /* Ids that had room beside each other have it again, in time. */
    while (i->slot_count == 0 || *slot_of(i, d->packet_id) != NULL)
        slots_grow(i, pool);
    *slot_of(i, d->packet_id) = d;
    i->used += 1;
    i->next = d->packet_id;
    return true;
}

void inflight_give(struct inflight *i, struct delivery *d)
{
    if (d->packet_id == 0) return;
    assert(i->used > 0);
    assert(*slot_of(i, d->packet_id) == d);
    *slot_of(i, d->packet_id) = NULL;
    i->used -= 1;
}

struct delivery *inflight_find(const struct inflight *i, uint16_t packet_id)
{
    if (i->slot_count == 0) return NULL;
    struct delivery *d = *slot_of(i, packet_id);
    return d != NULL && d->packet_id == packet_id ? d : NULL;
}

void inflight_fini(struct inflight *i, struct pool *pool)
{
    assert(i->used == 0);
    pool_give(pool, i->slots, i->slot_count * sizeof *i->slots);
    i->slots = NULL;
    i->slot_count = 0;
}
