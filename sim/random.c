/* random.c - a random life of the broker. */
#include "sim/random.h"

#include "sim/life.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
    GARBAGE_MAX = 64,
    BURST = 6,                /* what one client does at once, about */
    MEMORY_TIGHT = 300 * 1000 /* of a shard in a life short of it */
};

/* Everybody reads; for world_settle and world_wait. */
static bool life_read(void *context)
{
    struct life *life = context;
    bool busy = false;
    for (unsigned i = 0; i < life->actor_count; i++) {
        busy = actor_read(life, &life->actors[i]) || busy;
    }
    for (unsigned i = 0; i < life->rude_count; i++)
        (void)client_read(life->rude[i]);
    busy = undertaker_read(life) || busy;
    return busy && life->error[0] == 0;
}

static bool life_part(struct life *life, enum part part)
{
    return acts_begin(life->config, life->step, part, &life->rng, life->world);
}

/* --- rudeness ------------------------------------------------------------- */

static void rude_send(struct life *life, struct client *client,
                      const uint8_t *bytes, size_t size)
{
    char hex[2 * GARBAGE_MAX + 1] = "";
    assert(size <= GARBAGE_MAX);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    story_tell(life->config->story, "%s send %s", client->name, hex);
    client_send(client, bytes_at(bytes, size));
}

static void rude_act(struct life *life, struct client *client)
{
    static const uint8_t hello[] = {0x10, 0x10, 0, 4, 'M', 'Q', 'T', 'T', 5,
                                    2,    0,    0, 0, 0,   3,   'b', 'a', 'd'};
    uint8_t garbage[GARBAGE_MAX];
    if (client->cable.v == 0 || world_closed(life->world, client->cable)) {
        story_tell(life->config->story, "%s deaf=1; %s open v=5", client->name,
                   client->name);
        client_open(client, 5);
        return;
    }
    uint64_t what = life_below(life, 4);
    if (what == 0) {
        bool cut = life_chance(life, 1, 2);
        story_tell(life->config->story, "%s %s", cut ? "cut" : "close",
                   client->name);
        client_hang_up(client, cut);
        return;
    }
    if (what == 1) {
        rude_send(life, client, hello, sizeof(hello));
        return;
    }
    size_t size = 1 + life_below(life, GARBAGE_MAX);
    rng_fill(&life->rng, garbage, size);
    if (life_chance(life, 1, 2) && size > 1) {
        garbage[0] = (uint8_t)(garbage[0] & 0xf2);
        garbage[1] = (uint8_t)(size - 2);
    }
    rude_send(life, client, garbage, size);
}

/* --- a step --------------------------------------------------------------- */

static void step_act(struct life *life)
{
    if (life->rude_count > 0 && life_chance(life, 1, 10)) {
        rude_act(life, life->rude[life_below(life, life->rude_count)]);
        return;
    }
    struct actor *actor = &life->actors[life_below(life, life->actor_count)];
    /* Members of a crowd come and go one step at a time. */
    bool burst = !life->crowd && life_chance(life, 1, 6);
    uint64_t acts = burst ? 2 + life_below(life, BURST) : 1;
    for (; acts > 0; acts--)
        actor_act(life, actor);
}

static void step_turns(struct life *life)
{
    for (uint64_t turns = life_below(life, 6); turns > 0; turns--) {
        story_detail(life->config->story, "turn");
        (void)world_turn(life->world);
        if (!life_chance(life, 2, 3)) continue;
        struct actor *actor =
            &life->actors[life_below(life, life->actor_count)];
        if (actor->born) {
            story_detail(life->config->story, "%s read", actor->client->name);
        }
        (void)actor_read(life, actor);
    }
    for (unsigned i = 0; i < life->actor_count; i++)
        actor_left(life, &life->actors[i]);
}

/* Time passes, or has passed while the machine slept. */
static void step_pause(struct life *life)
{
    uint64_t ms = life_below(life, 3000);
    if (life_chance(life, 1, 50)) {
        story_wait(life->config->story, ms);
        world_wait(life->world, ms);
        undertaker_check(life);
    } else if (life_chance(life, 1, 500)) {
        story_tell(life->config->story, "jump %" PRIu64 "s", ms);
        life->jumped = true;
        wills_jumped(life->wills);
        world_jump(life->world, ms * 1000);
    }
}

static void life_step(struct life *life)
{
    bool plain = life->config->plain;
    if (life_part(life, PART_DISK)) hardship_act(life);
    if (life_part(life, PART_ACT)) step_act(life);
    if (plain) {
        world_settle(life->world);
    } else if (life_part(life, PART_TURNS)) {
        step_turns(life);
    }
    if (life_part(life, PART_PAUSE)) step_pause(life);
}

/* --- the life ------------------------------------------------------------- */

/* What kind of world it is. */
static void world_choose(struct life *life, struct world_config *config)
{
    struct options *o = &config->options;
    options_init(o);
    o->max_queued_messages = 0;
    o->receive_maximum = (uint16_t)(1 + life_below(life, 30));
    o->max_inflight_messages = (uint16_t)(1 + life_below(life, 30));
    o->persistence = life_chance(life, 1, 2);
    o->queue_memory_messages = (uint32_t)(1 + life_below(life, 8));
    o->sys_interval_s = (uint32_t)life_below(life, 2) * 10;
    bool split = life_chance(life, 1, 8);
    bool bulk = life_chance(life, 1, 4);
    bool tight = life_chance(life, 1, 2);
    if (split && !life->config->plain) config->split = 1;
    if (!bulk || life->config->bare) return;
    life->bulk = MODEL_BULK_MAX;
    if (!tight) return;
    life->tight = true;
    config->memory_max = MEMORY_TIGHT;
}

static void world_tell(const struct life *life,
                       const struct world_config *config)
{
    const struct options *o = &config->options;
    struct story *story = life->config->story;
    story_tell(story, "# shards: %u\n# seed: %" PRIu64, config->shards,
               config->seed);
    if (config->chaos) story_detail(story, "# chaos: 1");
    if (config->split > 0) story_tell(story, "# split: %u", config->split);
    story_tell(story,
               "options max_queued_messages=0 receive_maximum=%u "
               "max_inflight_messages=%u sys_interval_s=%u "
               "queue_memory_messages=%u%s",
               o->receive_maximum, o->max_inflight_messages, o->sys_interval_s,
               o->queue_memory_messages,
               o->persistence ? " persistence=1" : "");
    if (life->tight) {
        story_tell(story, "options max_memory=%u", config->memory_max);
    }
    story_detail(story, "by_hand");
}

static void life_begin(struct life *life)
{
    life->step = ACTS_SETUP;
    life->crash_at = ACTS_SETUP;
    (void)life_part(life, PART_ACT);
    life->shards = life->config->shards;
    uint16_t shards = (uint16_t)(1 + life_below(life, LIFE_SHARDS_MAX));
    if (life->shards == 0) life->shards = shards;
    struct world_config config = {.shards = life->shards,
                                  .seed = life->config->seed,
                                  .trace = life->config->trace,
                                  .chaos = !life->config->plain};
    world_choose(life, &config);
    world_tell(life, &config);
    life->model = model_new();
    life->world = world_new(&config);
    world_clients_set(life->world, life_read, life);
    world_settle(life->world);
    life->wills = wills_new();
    if (life->tight) {
        model_short(life->model);
        wills_doubt(life->wills, true);
    } else {
        undertaker_begin(life);
    }
    life->memory_start = life_memory(life) / life->shards;
    life->actor_count =
        ACTORS_MIN + (unsigned)life_below(life, ACTORS_MAX - ACTORS_MIN + 1);
    for (unsigned i = 0; i < life->actor_count; i++)
        actor_begin(life, i);
    life->rude_count = (unsigned)life_below(life, RUDE_MAX + 1);
    for (unsigned i = 0; i < life->rude_count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "rude%u", i);
        life->rude[i] = client_new(life->world, name);
        life->rude[i]->deaf = true;
    }
    life->crowd = life_chance(life, 1, 3);
    struct actor *first = &life->actors[0];
    if (life->crowd) {
        first->persistent = first->version > 3 || !config.options.persistence;
        first->keeps = first->persistent;
    }
    life->restless = life_chance(life, 1, 4);
    /* In bursts comes QoS 0, which a crash may lose and no group routes as
     * one: of no use to the two above. */
    bool plain = !life->crowd && !life->restless;
    life->talkative = plain && life_chance(life, 1, 3);
    life->step = 0;
}

static void life_free(struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++)
        actor_end(&life->actors[i]);
    for (unsigned i = 0; i < life->rude_count; i++)
        client_free(life->rude[i]);
    world_free(life->world);
    if (life->undertaker != NULL) client_free(life->undertaker);
    wills_free(life->wills);
    model_free(life->model);
}

static bool life_well(struct life *life)
{
    const char *error = model_error(life->model);
    if (error[0] != 0 && life_wrong(life, "model", error)) {
        story_claim(life->config->story, "%s", model_claim(life->model));
    }
    return life->error[0] == 0;
}

void random_live(const struct random_config *config, struct random_end *end)
{
    struct life life = {.config = config};
    life_begin(&life);
    while (life.step < config->steps && life_well(&life)) {
        life_step(&life);
        life.step += 1;
    }
    if (life_well(&life)) ending_rest(&life);
    if (life_well(&life)) model_end(life.model);
    if (life_well(&life)) ending_retained(&life);
    if (life_well(&life)) ending_clear(&life);
    *end = (struct random_end){.well = life_well(&life), .step = life.step};
    snprintf(end->words, sizeof(end->words),
             "storm, %s%s%s, %u shards, %u clients, %u messages, %" PRIu64
             " copies",
             world_options(life.world)->persistence ? "disk" : "no disk",
             life.tight ? ", little memory" : "", life.crowd ? ", a crowd" : "",
             life.shards, life.actor_count, model_message_count(life.model),
             model_copy_count(life.model));
    memcpy(end->error, life.error, sizeof(end->error));
    life_free(&life);
}
