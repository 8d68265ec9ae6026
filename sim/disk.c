/* disk.c - reading from the disk of the imaginary world: at start, and later,
 * when answers come late, or not at all. */
#include "core/page.h"
#include "core/walk.h"
#include "sim/world_state.h"
#include "store/memory.h"

#include <assert.h>
#include <stdlib.h>

/* --- pages --------------------------------------------------------------- */

struct reading {
    struct store_task task;
    struct load *load;
    struct store_view *view;
};

static enum err reading_get(void *context, struct bytes key,
                            struct bytes *value)
{
    const struct reading *reading = context;
    return store_get(reading->view, key, value);
}

static enum err reading_add(void *context, struct bytes bytes)
{
    struct load *load = ((const struct reading *)context)->load;
    load->page = world_grow(load->page, load->page_size + bytes.size, 1);
    memcpy(load->page + load->page_size, bytes.data, bytes.size);
    load->page_size += bytes.size;
    return OK;
}

static void reading_run(struct store_task *task, struct store_view *view)
{
    struct reading *reading = OWNER(task, struct reading, task);
    struct load *load = reading->load;
    struct page_host host = {reading, reading_get, reading_add};
    struct page_load asked;
    page_load_read(bytes_at(load->asked, load->asked_size), &asked);
    reading->view = view;
    load->read = true;
    load->token = asked.token;
    load->failed = page_read(&asked, &host, &load->end) != OK;
}

static void load_read(struct world *world, struct load *load)
{
    struct reading reading = {.task.run = reading_run, .load = load};
    store_look(world->store, &reading.task);
    assert(load->read);
}

void load_ask(struct world *world, uint16_t shard, struct bytes bytes)
{
    struct load *load = world_grow(NULL, 1, sizeof(*load));
    *load = (struct load){.shard = shard, .asked_size = bytes.size};
    load->asked = world_grow(NULL, bytes.size, 1);
    memcpy(load->asked, bytes.data, bytes.size);
    list_init(&load->link);
    list_push(&world->loads, &load->link);
    world_say(world, "shard %u loads", shard);
    /* It may be read now, or when the answer comes. */
    if (rng_chance(&world->rng, 1, 2)) load_read(world, load);
}

bool load_answer(struct world *world)
{
    if (list_empty(&world->loads) || world->loads_held) return false;
    struct load *load = OWNER(world->loads.next, struct load, link);
    list_remove(&load->link);
    if (!load->read) load_read(world, load);
    struct item item = {.kind = EVENT_LOADED, .load = load};
    world_push(world, load->shard, &item);
    return true;
}

void load_free(struct load *load)
{
    free(load->asked);
    free(load->page);
    free(load);
}

void loads_drop(struct world *world)
{
    LIST_EACH(at, after, &world->loads) {
        list_remove(at);
        load_free(OWNER(at, struct load, link));
    }
}

void world_loads(struct world *world, enum loads loads)
{
    world->loads_held = loads == LOADS_HELD;
    memory_blind(world->store, loads == LOADS_FAIL);
}

/* --- start --------------------------------------------------------------- */

struct restoring {
    struct world *world;
    struct walk walk;
    void (*step)(struct world *world, uint16_t shard, struct event *event);
};

/* A record is for whoever is at home with it. */
static void restored(void *context, struct store_view *view, struct bytes key,
                     struct bytes value, struct jump *jump)
{
    struct restoring *restoring = context;
    struct world *world = restoring->world;
    struct walk_message wanted;
    walk_step(&restoring->walk, key, value, jump, &wanted);
    struct bytes message = store_find(view, bytes_at(wanted.key, wanted.size));
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct event event = {.kind = EVENT_RESTORED,
                              .key = key,
                              .value = value,
                              .message = message};
        restoring->step(world, i, &event);
    }
}

void disk_restore(struct world *world,
                  void (*step)(struct world *world, uint16_t shard,
                               struct event *event))
{
    struct restoring restoring = {.world = world, .step = step};
    if (store_walk(world->store, restored, &restoring) != OK) abort();
}
