/* guest.c - see guest.h. */
#include "broker/guest.h"

#include <assert.h>

enum { SLOTS_MIN = 64 };

void guests_init(struct guests *guests, struct pool *pool)
{
    *guests = (struct guests){.pool = pool};
}

void guests_fini(struct guests *guests)
{
    assert(guests->count == 0);
    size_t count = guests->slot_count;
    pool_give(guests->pool, guests->slots, count * sizeof *guests->slots);
    pool_give(guests->pool, guests->free, count * sizeof *guests->free);
}

/* Twice the slots. The new ones are free, the lowest first. */
static void slots_grow(struct guests *guests)
{
    size_t old = guests->slot_count;
    size_t count = old == 0 ? SLOTS_MIN : old * 2;
    guests->slots =
        pool_resize(guests->pool, guests->slots, old * sizeof *guests->slots,
                    count * sizeof *guests->slots);
    guests->free =
        pool_resize(guests->pool, guests->free, old * sizeof *guests->free,
                    count * sizeof *guests->free);
    for (size_t i = count; i > old; i--) {
        guests->slots[i - 1] = NULL;
        guests->free[guests->free_count++] = (uint32_t)(i - 1);
    }
    guests->slot_count = count;
}

struct guest *guest_new(struct guests *guests)
{
    if (guests->free_count == 0) slots_grow(guests);
    struct guest *guest = pool_take(guests->pool, sizeof *guest);
    guest->id.v = guests->free[--guests->free_count];
    assert(guests->slots[guest->id.v] == NULL);
    guests->slots[guest->id.v] = guest;
    guests->count++;
    list_init(&guest->of_output);
    list_init(&guest->of_posted);
    list_init(&guest->of_paused);
    list_init(&guest->of_written);
    return guest;
}

void guest_free(struct guests *guests, struct guest *guest)
{
    assert(guests->slots[guest->id.v] == guest);
    list_remove(&guest->of_output);
    list_remove(&guest->of_posted);
    list_remove(&guest->of_paused);
    list_remove(&guest->of_written);
    guests->slots[guest->id.v] = NULL;
    guests->free[guests->free_count++] = guest->id.v;
    guests->count--;
    pool_give(guests->pool, guest, sizeof *guest);
}

struct guest *guest_find(const struct guests *guests, struct conn_id id)
{
    return id.v < guests->slot_count ? guests->slots[id.v] : NULL;
}

void guest_read(struct guest *guest)
{
    if (guest->stream.state != STREAM_OPEN) return;
    if (guest->shard_paused || guest->host_paused) {
        stream_pause(&guest->stream);
    } else {
        stream_resume(&guest->stream);
    }
}
