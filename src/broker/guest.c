/* guest.c - see guest.h. */
#include "broker/guest.h"

#include <assert.h>

void guests_init(struct guests *guests, struct pool *pool)
{
    *guests = (struct guests){.pool = pool};
    table_init(&guests->slots, pool);
}

void guests_fini(struct guests *guests)
{
    assert(guests->slots.count == 0);
    table_fini(&guests->slots);
}

struct guest *guest_new(struct guests *guests)
{
    struct guest *guest = pool_take(guests->pool, sizeof *guest);
    guest->id.v = table_add(&guests->slots, guest);
    return guest;
}

void guest_free(struct guests *guests, struct guest *guest)
{
    assert(guest_find(guests, guest->id) == guest);
    assert(guest->asking == NULL);
    table_remove(&guests->slots, guest->id.v);
    pool_give(guests->pool, guest, sizeof *guest);
}

struct guest *guest_find(const struct guests *guests, struct conn_id id)
{
    return table_get(&guests->slots, id.v);
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
