/* guest.c - see guest.h. */
#include "broker/guest.h"

#include <assert.h>
#include <stdlib.h>

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
    assert(guest->papers == NULL || guest->papers->asking == NULL);
    if (guest->papers != NULL) {
        guest->papers->proof = 0;
        guest_tidy(guests, guest);
    }
    assert(guest->papers == NULL);
    table_remove(&guests->slots, guest->id.v);
    pool_give(guests->pool, guest, sizeof *guest);
}

struct guest *guest_find(const struct guests *guests, struct conn_id id)
{
    return table_get(&guests->slots, id.v);
}

struct guest_papers *guest_papers(struct guests *guests, struct guest *guest)
{
    if (guest->papers == NULL) {
        guest->papers = pool_take(guests->pool, sizeof *guest->papers);
    }
    return guest->papers;
}

void guest_tidy(struct guests *guests, struct guest *guest)
{
    const struct guest_papers *papers = guest->papers;
    if (papers == NULL) return;
    if (papers->asking != NULL || papers->identity != NULL) return;
    if (papers->user != NULL || papers->proof != 0) return;
    pool_give(guests->pool, guest->papers, sizeof *papers);
    guest->papers = NULL;
}

void guest_fetch(const struct guests *guests, struct conn_id id)
{
    table_fetch(&guests->slots, id.v, 3);
}

void guest_identify(struct guests *guests, struct guest *guest, char *identity)
{
    if (identity == guest_identity(guest)) return;
    free(guest_identity(guest));
    guest_papers(guests, guest)->identity = identity;
    guest_tidy(guests, guest);
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
