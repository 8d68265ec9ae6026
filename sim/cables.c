/* cables.c - the network of the imaginary world. */
#include "core/bounds.h"
#include "sim/world_state.h"

#include <assert.h>
#include <stdlib.h>

static struct cable *cable_get(const struct world *world, uint32_t number)
{
    assert(number > 0 && number <= world->cable_count);
    return world->cables[number];
}

static uint32_t slot_take(struct place *place, uint32_t cable)
{
    for (uint32_t i = 0; i < place->slot_count; i++) {
        if (place->slots[i] != 0) continue;
        place->slots[i] = cable;
        return i;
    }
    size_t count = place->slot_count == 0 ? 4 : place->slot_count * 2;
    place->slots = world_grow(place->slots, count, sizeof(place->slots[0]));
    for (size_t i = place->slot_count; i < count; i++)
        place->slots[i] = 0;
    uint32_t slot = (uint32_t)place->slot_count;
    place->slot_count = count;
    place->slots[slot] = cable;
    return slot;
}

static size_t cables_open(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 1; i <= world->cable_count; i++) {
        count += world->cables[i]->broker_here;
    }
    return count;
}

/* Plug `number` into `shard`, which is told with OPENED. */
static void cable_plug(struct world *world, uint32_t number, uint16_t shard)
{
    struct cable *c = cable_get(world, number);
    c->broker_here = true;
    c->queued = false;
    c->paused = false;
    c->shard = shard;
    c->slot = slot_take(&world->places[shard], number);
    struct item item = {.kind = EVENT_OPENED,
                        .cable = number,
                        .slot = c->slot,
                        .refused = c->refused};
    world_push(world, shard, &item);
}

struct cable_id world_connect(struct world *world, uint16_t listener,
                              struct bytes identity)
{
    if (world->cable_count + 1 >= world->cable_capacity) {
        world->cable_capacity = world->cable_capacity * 2 + 8;
        world->cables = world_grow(world->cables, world->cable_capacity,
                                   sizeof(struct cable *));
    }
    struct cable *c = world_grow(NULL, 1, sizeof(*c));
    *c = (struct cable){.client_here = true, .listener = listener};
    buffer_init(&c->asked, world->pool);
    buffer_init(&c->identity, world->pool);
    buffer_append(&c->identity, identity);
    buffer_init(&c->in, world->pool);
    buffer_init(&c->out, world->pool);
    buffer_init(&c->received, world->pool);
    uint32_t number = (uint32_t)++world->cable_count;
    world->cables[number] = c;
    uint32_t limit = world->config.connections_max;
    c->refused = limit > 0 && cables_open(world) >= limit;
    uint64_t shard = rng_below(&world->rng, world->config.shards);
    cable_plug(world, number, (uint16_t)shard);
    return (struct cable_id){number};
}

void world_send(struct world *world, struct cable_id cable, struct bytes bytes)
{
    struct cable *c = cable_get(world, cable.v);
    if (!c->broker_here || !c->client_here) return;
    buffer_append(&c->in, bytes);
    cable_wake(world, cable.v);
}

struct bytes world_received(struct world *world, struct cable_id cable)
{
    return buffer_bytes(&cable_get(world, cable.v)->received);
}

void world_used(struct world *world, struct cable_id cable, size_t size)
{
    buffer_consume(&cable_get(world, cable.v)->received, size);
}

bool world_closed(const struct world *world, struct cable_id cable)
{
    return cable_get(world, cable.v)->ended;
}

void world_hang_up(struct world *world, struct cable_id cable, bool cut)
{
    struct cable *c = cable_get(world, cable.v);
    c->client_here = false;
    if (cut) buffer_consume(&c->in, c->in.size);
    c->stalled = false;
    cable_flush(world, cable.v);
    buffer_consume(&c->received, c->received.size);
    cable_wake(world, cable.v);
}

void world_stall(struct world *world, struct cable_id cable, bool stall)
{
    cable_get(world, cable.v)->stalled = stall;
    cable_flush(world, cable.v);
}

void world_expel(struct world *world, struct cable_id cable, enum err why)
{
    const struct cable *c = cable_get(world, cable.v);
    struct item item = {
        .kind = EVENT_EXPELLED, .cable = cable.v, .slot = c->slot, .why = why};
    if (c->broker_here && !c->closing) world_push(world, c->shard, &item);
}

size_t world_unsent(const struct world *world, struct cable_id cable)
{
    return cable_get(world, cable.v)->out.size;
}

struct cable *cable_in(struct world *world, uint16_t shard, uint32_t slot)
{
    const struct place *place = &world->places[shard];
    if (slot >= place->slot_count || place->slots[slot] == 0) return NULL;
    return cable_get(world, place->slots[slot]);
}

bool cable_at(const struct world *world, uint32_t cable, uint16_t shard,
              uint32_t slot)
{
    const struct cable *c = cable_get(world, cable);
    return c->broker_here && !c->lost && c->shard == shard && c->slot == slot;
}

void cable_wake(struct world *world, uint32_t cable)
{
    struct cable *c = cable_get(world, cable);
    if (!c->broker_here || c->queued || c->closing || c->lost) return;
    struct item item = {.cable = cable, .slot = c->slot};
    if (c->in.size > 0) {
        if (c->paused) return;
        item.kind = EVENT_BYTES;
    } else if (!c->client_here) {
        item.kind = EVENT_CLOSED;
    } else {
        return;
    }
    c->queued = true;
    world_push(world, c->shard, &item);
}

uint8_t *cable_take(struct cable *cable, size_t size_max, size_t *size)
{
    *size = cable->in.size < size_max ? cable->in.size : size_max;
    uint8_t *block = world_grow(NULL, *size, 1);
    if (*size > 0) memcpy(block, cable->in.data, *size);
    buffer_consume(&cable->in, *size);
    return block;
}

/* Report every mark that has been passed. */
static void cable_drained(struct world *world, uint32_t cable)
{
    struct cable *c = cable_get(world, cable);
    size_t passed = 0;
    while (passed < c->mark_count && c->marks[passed].position <= c->written) {
        passed += 1;
        if (!c->broker_here || c->closing) continue;
        struct item item = {
            .kind = EVENT_DRAINED, .cable = cable, .slot = c->slot};
        world_push(world, c->shard, &item);
    }
    c->mark_count -= passed;
    memmove(c->marks, c->marks + passed, c->mark_count * sizeof(c->marks[0]));
}

void cable_flush(struct world *world, uint32_t cable)
{
    struct cable *c = cable_get(world, cable);
    if (c->stalled) return;
    if (c->client_here) buffer_append(&c->received, buffer_bytes(&c->out));
    c->written += c->out.size;
    buffer_consume(&c->out, c->out.size);
    if (c->mark_count > 0) cable_drained(world, cable);
    if (!c->closing) return;
    c->closing = false;
    c->ended = true;
    cable_forget(world, cable);
}

void cable_send(struct world *world, uint32_t cable, struct bytes bytes,
                struct bytes payload, bool notify)
{
    struct cable *c = cable_get(world, cable);
    if (c->closing) world_die(world, "SEND after CLOSE");
    buffer_append(&c->out, bytes);
    buffer_append(&c->out, payload);
    if (!notify) return;
    if (c->mark_count == c->mark_capacity) {
        c->mark_capacity = c->mark_capacity * 2 + 4;
        c->marks = world_grow(c->marks, c->mark_capacity, sizeof(c->marks[0]));
    }
    c->marks[c->mark_count++].position = c->written + c->out.size;
}

void cable_close(struct world *world, uint32_t cable, bool linger)
{
    struct cable *c = cable_get(world, cable);
    if (c->closing) world_die(world, "CLOSE after CLOSE");
    buffer_consume(&c->in, c->in.size);
    if (!linger && c->stalled) {
        c->written += c->out.size;
        buffer_consume(&c->out, c->out.size);
    }
    c->closing = true;
    if (!c->stalled || c->out.size > 0) return;
    c->closing = false;
    c->ended = true;
    cable_forget(world, cable);
}

void cable_move(struct world *world, uint32_t cable, uint16_t shard,
                struct bytes rest)
{
    struct cable *c = cable_get(world, cable);
    if (shard >= world->config.shards) world_die(world, "MOVE to nowhere");
    struct buffer in;
    buffer_init(&in, world->pool);
    buffer_append(&in, rest);
    buffer_append(&in, buffer_bytes(&c->in));
    buffer_fini(&c->in);
    c->in = in;
    cable_forget(world, cable);
    cable_plug(world, cable, shard);
    cable_wake(world, cable);
}

void cable_pause(struct world *world, uint32_t cable, bool pause)
{
    cable_get(world, cable)->paused = pause;
    cable_wake(world, cable);
}

void cable_forget(struct world *world, uint32_t cable)
{
    struct cable *c = cable_get(world, cable);
    if (!c->broker_here) return;
    world->places[c->shard].slots[c->slot] = 0;
    c->broker_here = false;
    c->lost = false;
}

void cable_break(struct world *world, uint32_t cable)
{
    struct cable *c = cable_get(world, cable);
    cable_forget(world, cable);
    c->ended = true;
    c->closing = false;
    c->mark_count = 0;
    buffer_consume(&c->in, c->in.size);
    buffer_consume(&c->out, c->out.size);
}

void cables_free(struct world *world)
{
    for (size_t i = 1; i <= world->cable_count; i++) {
        struct cable *c = world->cables[i];
        buffer_fini(&c->asked);
        buffer_fini(&c->identity);
        buffer_fini(&c->in);
        buffer_fini(&c->out);
        buffer_fini(&c->received);
        free(c->marks);
        free(c);
    }
    free(world->cables);
}
