/* world.c - shards, time and disk of the imaginary world. */
#include "sim/world.h"

#include "core/bounds.h"
#include "core/message.h"
#include "sim/world_state.h"
#include "store/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    /* Steps without time passing that a world may need to come to rest. */
    STEPS_MAX = 20 * 1000 * 1000
};

/* 2023-11-14, so that nothing can mistake it for small numbers. */
static const uint64_t time_start_ms = UINT64_C(1700000000000);

void *world_grow(void *block, size_t count, size_t size)
{
    void *grown = realloc(block, count * size == 0 ? 1 : count * size);
    if (grown == NULL) abort();
    return grown;
}

static void *memory_grow(void *context, void *block, size_t size)
{
    (void)context;
    if (size > 0) return realloc(block, size);
    free(block);
    return NULL;
}

__attribute__((format(printf, 2, 0))) static void say(const struct world *world,
                                                      const char *format,
                                                      va_list arguments)
{
    fprintf(stderr, "%10.3f ",
            (double)(world->now_ms - time_start_ms) / 1000.0);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void world_say(struct world *world, const char *format, ...)
{
    if (!world->config.trace) return;
    va_list arguments;
    va_start(arguments, format);
    say(world, format, arguments);
    va_end(arguments);
}

void world_die(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "the broker broke its contract:\n");
    say(world, format, arguments);
    va_end(arguments);
    abort();
}

void world_push(struct world *world, uint16_t shard, const struct item *item)
{
    struct place *place = &world->places[shard];
    if (place->head + place->count == place->capacity) {
        if (place->head > place->count) {
            memmove(place->inbox, place->inbox + place->head,
                    place->count * sizeof(place->inbox[0]));
            place->head = 0;
        } else {
            place->capacity = place->capacity * 2 + 16;
            place->inbox = world_grow(place->inbox, place->capacity,
                                      sizeof(place->inbox[0]));
        }
    }
    place->inbox[place->head + place->count] = *item;
    place->count += 1;
}

static void committed(void *context, uint16_t part, uint64_t batch,
                      enum err result)
{
    struct world *world = context;
    assert(result == OK);
    struct item item = {.kind = EVENT_COMMITTED, .batch = batch};
    world_push(world, part, &item);
}

static struct pool *pool_make(size_t bytes_max)
{
    struct pool *pool = pool_new((struct memory){memory_grow, NULL}, bytes_max);
    if (pool == NULL) abort();
    return pool;
}

static const struct options *options_keep(struct world *world,
                                          const struct options *options)
{
    size_t size = options->listener_count * sizeof(options->listeners[0]);
    struct options *copy = world_grow(NULL, 1, sizeof(*copy) + size);
    *copy = *options;
    copy->listeners = (const struct options_listener *)(copy + 1);
    if (size > 0) memcpy(copy + 1, options->listeners, size);
    size_t count = ++world->options_count;
    world->options = world_grow(world->options, count, sizeof(copy));
    world->options[count - 1] = copy;
    return copy;
}

const struct options *world_options(const struct world *world)
{
    return world->options[world->options_count - 1];
}

static void place_start(struct world *world, uint16_t index)
{
    struct place *place = &world->places[index];
    place->pool = pool_make(world->config.memory_max);
    place->batch = 1;
    actions_init(&place->actions, world->pool);
    struct shard_place at = {index, world->config.shards, world->key};
    place->shard =
        shard_new(place->pool, at, world_options(world), world->now_ms);
    /* Every play is told by one shard too, which does not. */
    if (world->config.shards > 1) shard_look_ahead(place->shard);
}

struct world *world_new(const struct world_config *config)
{
    assert(config->shards > 0 && config->shards <= SHARDS_MAX);
    struct world *world = calloc(1, sizeof(*world));
    if (world == NULL) abort();
    world->config = *config;
    rng_init(&world->rng, config->seed);
    world->pool = pool_make(0);
    world->now_ms = time_start_ms;
    world->key =
        (struct hash_key){rng_next(&world->rng), rng_next(&world->rng)};
    list_init(&world->loads);
    world->store = memory_new(committed, world);
    if (world->store == NULL) abort();
    (void)options_keep(world, &config->options);
    for (uint16_t i = 0; i < config->shards; i++)
        place_start(world, i);
    if (config->options.persistence) {
        for (uint16_t i = 0; i < config->shards; i++) {
            struct item end = {.kind = EVENT_RESTORED};
            world_push(world, i, &end);
        }
    }
    return world;
}

/* Forget all shards and what is under way to them. */
static void places_end(struct world *world)
{
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct place *place = &world->places[i];
        for (size_t k = 0; k < place->count; k++) {
            struct item *item = &place->inbox[place->head + k];
            if (item->kind == EVENT_POSTED) post_drop(&item->post);
            free(item->packed);
            reply_free(item->reply);
            if (item->kind == EVENT_LOADED) load_free(item->load);
        }
        place->head = 0;
        place->count = 0;
        actions_fini(&place->actions);
        shard_free(place->shard);
        place->shard = NULL;
    }
    for (uint16_t i = 0; i < world->config.shards; i++) {
        size_t left = pool_bytes(world->places[i].pool);
        if (left > 0) world_die(world, "shard %u keeps %zu bytes", i, left);
        pool_free(world->places[i].pool);
        world->places[i].pool = NULL;
    }
}

void world_free(struct world *world)
{
    if (world->places[0].shard != NULL) places_end(world);
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        free(world->places[i].inbox);
        free(world->places[i].slots);
    }
    cables_free(world);
    loads_drop(world);
    store_free(world->store);
    pool_free(world->pool);
    for (size_t i = 0; i < world->options_count; i++)
        free(world->options[i]);
    free(world->options);
    for (size_t i = 0; i < world->note_count; i++)
        free(world->notes[i]);
    free(world->notes);
    free(world);
}

void world_clients_set(struct world *world, bool (*clients)(void *context),
                       void *context)
{
    world->clients = clients;
    world->clients_context = context;
}

uint64_t world_now(const struct world *world)
{
    return world->now_ms;
}

struct rng *world_rng(struct world *world)
{
    return &world->rng;
}

struct pool *world_pool(struct world *world)
{
    return world->pool;
}

static void note_keep(struct world *world, struct bytes text, uint16_t shard)
{
    if (world->note_count == world->note_capacity) {
        world->note_capacity = world->note_capacity * 2 + 16;
        world->notes =
            world_grow(world->notes, world->note_capacity, sizeof(char *));
    }
    char *copy = world_grow(NULL, text.size + 1, 1);
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    world->notes[world->note_count++] = copy;
    world_say(world, "shard %u notes: %s", shard, copy);
}

/* One batch out of the turn's PUT and DEL. */
static void turn_submit(struct world *world, uint16_t index)
{
    struct place *place = &world->places[index];
    const struct actions *actions = &place->actions;
    if (actions->put_count == 0) return;
    struct store_change *changes =
        world_grow(NULL, actions->put_count, sizeof(*changes));
    size_t count = 0;
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *a = &actions->list[i];
        if (!action_changes((enum action_kind)a->kind)) continue;
        static const enum store_change_kind kinds[] = {
            [ACTION_PUT] = STORE_PUT,
            [ACTION_DEL] = STORE_DEL,
            [ACTION_HOLD] = STORE_HOLD,
            [ACTION_DROP] = STORE_DROP,
        };
        struct store_change *change = &changes[count++];
        *change = (struct store_change){.kind = kinds[a->kind],
                                        .key = action_bytes(actions, a)};
        if (!store_has_value(change->kind)) continue;
        change->value = action_value(actions, a);
        if (a->body == NULL) continue;
        change->tail =
            bytes_at(a->body->bytes, a->body->size - sizeof(struct body));
    }
    if (store_submit(world->store, index, place->batch, changes, count) != OK) {
        abort();
    }
    place->batch += 1;
    free(changes);
}

static void turn_post(struct world *world, uint16_t index,
                      const struct action *action)
{
    struct post *post = &world->places[index].actions.posts[action->post];
    if (action->shard >= world->config.shards) {
        world_die(world, "POST to shard %u", action->shard);
    }
    if (post->from != index) world_die(world, "POST from %u", post->from);
    struct item item = {.kind = EVENT_POSTED, .post = *post};
    struct bytes packed = action_bytes(&world->places[index].actions, action);
    if (packed.size > 0) {
        item.packed = world_grow(NULL, packed.size, 1);
        memcpy(item.packed, packed.data, packed.size);
        item.post.packed = bytes_at(item.packed, packed.size);
    }
    post->body = NULL;
    post->group = NULL;
    world_say(world, "shard %u posts kind %u to shard %u", index, post->kind,
              action->shard);
    world_push(world, action->shard, &item);
}

static void turn_conn(struct world *world, uint16_t index,
                      const struct action *action)
{
    const struct actions *actions = &world->places[index].actions;
    uint32_t slot = action->conn.v;
    if (cable_in(world, index, slot) == NULL) {
        world_die(world, "shard %u: action %u for slot %u, which is free",
                  index, action->kind, slot);
    }
    uint32_t cable = world->places[index].slots[slot];
    struct bytes none = {NULL, 0};
    switch (action->kind) {
    case ACTION_SEND:
        cable_send(world, cable, action_bytes(actions, action),
                   action->body == NULL ? none : action->body->message.payload,
                   action->notify);
        break;
    case ACTION_CLOSE: cable_close(world, cable, action->linger); break;
    case ACTION_MOVE:
        cable_move(world, cable, action->shard, action_bytes(actions, action));
        break;
    case ACTION_ASK:
        cable_ask(world, cable, action, action_bytes(actions, action));
        break;
    case ACTION_PAUSE: cable_pause(world, cable, true); break;
    case ACTION_RESUME: cable_pause(world, cable, false); break;
    default: world_die(world, "action %u", action->kind);
    }
}

static void turn_perform(struct world *world, uint16_t index)
{
    struct actions *actions = &world->places[index].actions;
    for (size_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->list[i];
        switch (action->kind) {
        case ACTION_PUT:
        case ACTION_DEL:
        case ACTION_HOLD:
        case ACTION_DROP: break;
        case ACTION_LOAD:
            load_ask(world, index, action_bytes(actions, action));
            break;
        case ACTION_POST: turn_post(world, index, action); break;
        case ACTION_NOTE:
            note_keep(world, action_bytes(actions, action), index);
            break;
        default: turn_conn(world, index, action);
        }
    }
    turn_submit(world, index);
    actions_clear(actions);
}

/* Cables of this shard: free the slots of lost ones, flush the others. */
static void turn_cables(struct world *world, uint16_t index)
{
    struct place *place = &world->places[index];
    for (size_t i = 0; i < place->slot_count; i++) {
        uint32_t cable = place->slots[i];
        if (cable == 0) continue;
        if (world->cables[cable]->lost) {
            cable_forget(world, cable);
            continue;
        }
        cable_flush(world, cable);
        cable_wake(world, cable);
    }
}

static void step(struct world *world, uint16_t index, struct event *event)
{
    struct place *place = &world->places[index];
    event->now_ms = world->now_ms;
    event->random = rng_next(&world->rng);
    shard_step(place->shard, event, &place->actions);
    if (++world->steps > STEPS_MAX) world_die(world, "it never comes to rest");
}

static void step_bytes(struct world *world, uint16_t index,
                       const struct item *item, struct event *event)
{
    struct cable *cable = world->cables[item->cable];
    size_t max = world->config.split > 0 ? world->config.split : SIZE_MAX;
    if (world->config.chaos && cable->in.size > 0 &&
        rng_chance(&world->rng, 1, 3)) {
        max = rng_between(&world->rng, 1, cable->in.size);
    }
    size_t size;
    uint8_t *block = cable_take(cable, max, &size);
    cable->queued = false;
    event->bytes = bytes_at(block, size);
    step(world, index, event);
    free(block);
}

static void step_item(struct world *world, uint16_t index, struct item *item)
{
    struct event event = {.kind = item->kind,
                          .conn = {item->slot},
                          .refused = item->refused,
                          .why = item->why,
                          .failing = item->failing,
                          .batch = item->batch,
                          .ask = item->ask,
                          .options = item->options};
    bool about_cable = item->cable != 0;
    if (about_cable && !cable_at(world, item->cable, index, item->slot)) {
        return;
    }
    if (item->kind == EVENT_BYTES) {
        step_bytes(world, index, item, &event);
        return;
    }
    if (item->kind == EVENT_OPENED) {
        const struct cable *cable = world->cables[item->cable];
        event.listener = cable->listener;
        event.identity = buffer_bytes(&cable->identity);
    }
    if (item->kind == EVENT_CLOSED) world->cables[item->cable]->lost = true;
    if (item->kind == EVENT_POSTED) event.post = &item->post;
    if (item->reply != NULL) event.answer = reply_answer(item->reply);
    if (item->kind == EVENT_LOADED) {
        const struct load *load = item->load;
        event.token = load->token;
        event.end = load->end;
        event.failing = load->failed;
        event.page = bytes_at(load->page, load->page_size);
    }
    step(world, index, &event);
    free(item->packed);
    if (item->kind == EVENT_LOADED) load_free(item->load);
    reply_free(item->reply);
}

static bool place_ready(const struct world *world, uint16_t index)
{
    const struct place *place = &world->places[index];
    return place->count > 0 || shard_deadline_ms(place->shard) <= world->now_ms;
}

bool world_turn(struct world *world)
{
    uint16_t ready[SHARDS_MAX];
    uint16_t ready_count = 0;
    if (world->frozen) return false;
    bool late = world->config.chaos && !rng_chance(&world->rng, 1, 4);
    if (!late) (void)load_answer(world);
    for (uint16_t i = 0; i < world->config.shards; i++) {
        if (place_ready(world, i)) ready[ready_count++] = i;
    }
    if (ready_count == 0) return late && load_answer(world);
    uint16_t index = ready[rng_below(&world->rng, ready_count)];
    struct place *place = &world->places[index];
    size_t count = place->count;
    if (world->config.chaos && count > 1) {
        count = rng_between(&world->rng, 1, count);
    }
    place->actions.batch = place->batch;
    for (; count > 0; count--) {
        struct item item = place->inbox[place->head];
        place->head += 1;
        place->count -= 1;
        step_item(world, index, &item);
    }
    if (shard_deadline_ms(place->shard) <= world->now_ms) {
        struct event tick = {.kind = EVENT_TICK};
        step(world, index, &tick);
    }
    turn_perform(world, index);
    turn_cables(world, index);
    return true;
}

void world_settle(struct world *world)
{
    bool busy = true;
    while (busy) {
        busy = false;
        while (world_turn(world))
            busy = true;
        if (world->clients != NULL && world->clients(world->clients_context)) {
            busy = true;
        }
    }
}

void world_wait(struct world *world, uint64_t ms)
{
    uint64_t end = world->now_ms + ms;
    world_settle(world);
    while (!world->frozen) {
        uint64_t next = UINT64_MAX;
        for (uint16_t i = 0; i < world->config.shards; i++) {
            uint64_t deadline = shard_deadline_ms(world->places[i].shard);
            if (deadline < next) next = deadline;
        }
        if (next > end) break;
        assert(next >= world->now_ms);
        world->now_ms = next;
        world->steps = 0;
        world_settle(world);
    }
    world->now_ms = end;
    world->steps = 0;
    world_settle(world);
}

void world_jump(struct world *world, uint64_t ms)
{
    world->now_ms += ms;
    world->steps = 0;
    world_settle(world);
}

void world_hold(struct world *world, bool hold)
{
    memory_hold(world->store, hold);
}

void world_storage(struct world *world, bool failing)
{
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct item item = {.kind = EVENT_STORAGE, .failing = failing};
        world_push(world, i, &item);
    }
}

void world_freeze(struct world *world, bool freeze)
{
    world->frozen = freeze;
}

void world_crash(struct world *world, size_t commits)
{
    (void)memory_commit(world->store, commits);
    memory_crash(world->store);
    loads_drop(world);
    for (size_t i = 1; i <= world->cable_count; i++) {
        world->cables[i]->ask = 0;
        if (world->cables[i]->broker_here) cable_break(world, (uint32_t)i);
    }
    places_end(world);
    world_say(world, "crash");
}

/* Let all shards hear what the others found, before anything else. */
static void restored_settle(struct world *world)
{
    bool busy = true;
    while (busy) {
        busy = false;
        for (uint16_t i = 0; i < world->config.shards; i++) {
            struct place *place = &world->places[i];
            busy = busy || place->count > 0;
            place->actions.batch = place->batch;
            for (; place->count > 0; place->count--) {
                struct item item = place->inbox[place->head++];
                step_item(world, i, &item);
            }
            turn_perform(world, i);
        }
    }
}

void world_restart(struct world *world, uint16_t shards)
{
    assert(shards <= SHARDS_MAX);
    if (shards > 0) world->config.shards = shards;
    world_say(world, "restart with %u shards", world->config.shards);
    memory_hold(world->store, false);
    world_loads(world, LOADS_WORK);
    for (uint16_t i = 0; i < world->config.shards; i++) {
        place_start(world, i);
        world->places[i].actions.batch = 1;
    }
    if (!world_options(world)->persistence) return;
    disk_restore(world, step);
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct event end = {.kind = EVENT_RESTORED};
        step(world, i, &end);
        turn_perform(world, i);
    }
    restored_settle(world);
}

void world_reload(struct world *world, const struct options *options)
{
    const struct options *kept = options_keep(world, options);
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct item item = {.kind = EVENT_RELOADED, .options = kept};
        world_push(world, i, &item);
    }
}

void world_stop(struct world *world)
{
    for (uint16_t i = 0; i < world->config.shards; i++) {
        struct item item = {.kind = EVENT_STOPPED};
        world_push(world, i, &item);
    }
}

bool world_note_find(struct world *world, const char *text)
{
    for (size_t i = world->note_seen; i < world->note_count; i++) {
        if (strstr(world->notes[i], text) == NULL) continue;
        world->note_seen = i + 1;
        return true;
    }
    return false;
}

const char *world_note_last(const struct world *world)
{
    if (world->note_count == 0) return "";
    return world->notes[world->note_count - 1];
}

size_t world_bytes(const struct world *world, uint16_t shard)
{
    return pool_bytes(world->places[shard].pool);
}

size_t world_records(const struct world *world)
{
    return memory_count(world->store);
}
