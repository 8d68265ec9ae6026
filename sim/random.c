/* random.c - a random life of the broker. */
#include "sim/random.h"

#include "core/bounds.h"
#include "sim/life.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
    GARBAGE_MAX = 64,
    QUIET_ROUNDS = 100,
    ROUND_MS = 100,
    SHARDS_RANDOM = 4,
    ERRANDS = 100,      /* more than this: */
    BURST = 6,          /* what one client does at once, about */
    RECORDS_KEPT = 64,  /* what shards know of one another */
    CRASH_COMMITS = 20, /* that reach the disk before a crash, below this */
    CRASH_AGAIN = 60,   /* steps until another one, if it comes soon */
    COMMITS_ALL = 1000000,
    LOADS_AGAIN_MS = 2000, /* a failed one is tried again before that */
    /* What shards may keep when all is gone: tables that have grown. */
    MEMORY_SLACK = 256 * 1024,
    MEMORY_TIGHT = 300 * 1000 /* of a shard in a life short of it */
};

uint64_t life_below(struct life *life, uint64_t bound)
{
    return rng_below(&life->rng, bound);
}

bool life_chance(struct life *life, uint64_t parts, uint64_t whole)
{
    return rng_chance(&life->rng, parts, whole);
}

bool life_wrong(struct life *life, const char *who, const char *what)
{
    if (life->error[0] != 0) return false;
    snprintf(life->error, sizeof(life->error), "%s: %.400s", who, what);
    return true;
}

void life_greet(struct life *life, struct client *client, bool clean)
{
    struct words *words = words_new(PACKET_CONNECT);
    words_number_add(words, "v", 4);
    words_text_add(words, "id", bytes_of(client->name));
    words_number_add(words, "clean", clean);
    client_open(client, 4);
    story_packet(life->config->story, client->name, false, words);
    client_connect(client, words);
    words_free(words);
}

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

/* --- the disk ------------------------------------------------------------- */

static void life_hold(struct life *life, bool hold)
{
    life->held = hold;
    story_tell(life->config->story, "commits %s", hold ? "hold" : "release");
    world_hold(life->world, hold);
}

/* The disk is full, and takes nothing more; or has room again. */
static void life_fail(struct life *life, bool fail)
{
    life->failing = fail;
    life->failed = true;
    model_short(life->model);
    wills_doubt(life->wills, fail);
    life_hold(life, fail);
    story_tell(life->config->story, "commits %s", fail ? "fail" : "work");
    world_storage(life->world, fail);
}

/* What is read from disk comes late, or never, or as it should. */
static void life_loads(struct life *life, enum loads loads)
{
    static const char *const words[] = {"work", "hold", "fail"};
    if (life->loads == loads) return;
    if (life->loads == LOADS_FAIL) {
        life->loads_ms = world_now(life->world) + LOADS_AGAIN_MS;
    }
    life->loads = loads;
    story_tell(life->config->story, "loads %s", words[loads]);
    world_loads(life->world, loads);
}

/* All are gone. */
static void life_cut(struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        client_hang_up(actor->clients[0], true);
        client_hang_up(actor->clients[1], true);
        actor->unsure = actor->persistent && !actor->anchored;
        if (!actor->persistent) model_session_broken(life->model, i);
        actor_lost(life, actor);
    }
    for (unsigned i = 0; i < life->rude_count; i++)
        client_hang_up(life->rude[i], true);
    undertaker_lost(life);
}

/* The broker is gone, and all that was under way; it comes back, perhaps with
 * another number of shards. What was torn off had not been committed. Half of
 * them have another one soon, which finds in doubt what this one left so; in a
 * restless life all have. */
static void life_crash(struct life *life)
{
    uint16_t shards = life->shards;
    size_t commits = life_below(life, CRASH_COMMITS);
    if (life->failing) commits = 0;
    if (life->config->shards == 0 && life_chance(life, 1, 2)) {
        life->shards = (uint16_t)(1 + life_below(life, SHARDS_RANDOM));
    }
    story_tell(life->config->story, "crash %zu %u", commits, life->shards);
    world_crash(life->world, commits);
    wills_crashed(life_wills(life));
    life_cut(life);
    if (life->shards != shards) life->moved = true;
    model_crashed(life->model);
    world_restart(life->world, life->shards);
    life->held = false;
    life->failing = false;
    life->loads = LOADS_WORK;
    bool again = life->restless || life_chance(life, 1, 2);
    bool slow = life_chance(life, 1, 2);
    uint32_t steps = 1 + (uint32_t)life_below(life, CRASH_AGAIN);
    life->crash_at = again ? life->step + steps : ACTS_SETUP;
    if (again && slow) life_hold(life, true);
    undertaker_return(life);
}

/* What the disk does, in a life that has one. */
static void life_disk(struct life *life)
{
    if (!world_options(life->world)->persistence) return;
    if (life_chance(life, 1, 30) && !life->failing) {
        life_hold(life, !life->held);
    }
    if (life_chance(life, 1, life->failing ? 20 : 150)) {
        life_fail(life, !life->failing);
    }
    if (life_chance(life, 1, 30)) {
        static const enum loads all[] = {LOADS_WORK, LOADS_HELD, LOADS_FAIL};
        life_loads(life, all[life_below(life, 3)]);
    }
    if (life_chance(life, 1, 200) || life->step == life->crash_at) {
        life_crash(life);
    }
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
    if (life_part(life, PART_DISK)) life_disk(life);
    if (life_part(life, PART_ACT)) step_act(life);
    if (plain) {
        world_settle(life->world);
    } else if (life_part(life, PART_TURNS)) {
        step_turns(life);
    }
    if (life_part(life, PART_PAUSE)) step_pause(life);
}

/* --- the end -------------------------------------------------------------- */

static size_t life_memory(const struct life *life)
{
    size_t sum = 0;
    for (uint16_t i = 0; i < life->shards; i++) {
        sum += world_bytes(life->world, i);
    }
    return sum;
}

/* The one that was taken over is closed, not forgotten. */
static void former_check(struct life *life, struct actor *actor)
{
    struct client *former = actor->clients[actor->client == actor->clients[0]];
    if (former->cable.v == 0) return;
    if (!world_closed(life->world, former->cable) &&
        life_wrong(life, former->name, "two connections for one id")) {
        story_claim(life->config->story, "%s expect close\n", former->name);
    }
    client_hang_up(former, true);
}

/* `actor` comes back if it ever was there, and reads. */
static void actor_rest(struct life *life, struct actor *actor)
{
    if (!actor->born) return;
    if (actor->client->cable.v != 0 &&
        world_closed(life->world, actor->client->cable)) {
        actor_closed(life, actor);
    }
    if (actor->client->cable.v == 0) actor_connect(life, actor);
    if (!actor->stalled) return;
    actor->stalled = false;
    story_tell(life->config->story, "unstall %s", actor->client->name);
    world_stall(life->world, actor->client->cable, false);
}

/* Has `actor` what it waited for? */
static void rested_check(struct life *life, struct actor *actor)
{
    const char *name = actor->client->name;
    struct story *story = life->config->story;
    if (!actor->born) return;
    former_check(life, actor);
    if (!actor_ready(actor)) {
        if (!life_wrong(life, name, "cannot come back")) return;
        story_claim(story, "%s expect open\n", name);
    } else if (actor->sending_count > 0) {
        const struct sending *s = &actor->sendings[0];
        if (!life_wrong(life, name, "waits for an acknowledgement in vain")) {
            return;
        }
        bool two = !s->retained && model_qos(life->model, s->message) == 2;
        story_claim(story, "%s saw %s %u\n", name,
                    s->released ? "pubcomp"
                    : two       ? "pubrec"
                                : "puback",
                    s->pid);
    } else if (actor->asked_pid != 0) {
        if (!life_wrong(life, name, "waits for SUBACK or UNSUBACK in vain")) {
            return;
        }
        story_claim(story, "%s saw %s pid=%u\n", name,
                    actor->asked_subscribe ? "suback" : "unsuback",
                    actor->asked_pid);
    }
}

/* Has everybody that ever was there come back, and all its answers? */
static bool life_rested(const struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        const struct actor *actor = &life->actors[i];
        if (!actor->born) continue;
        if (!actor_ready(actor)) return false;
        if (actor->sending_count > 0 || actor->asked_pid != 0) return false;
    }
    return true;
}

/* Everybody comes back, reads, and finishes what was begun. */
static void life_rest(struct life *life)
{
    story_detail(life->config->story, "by_itself");
    if (life->failing) life_fail(life, false);
    if (life->held) life_hold(life, false);
    life_loads(life, LOADS_WORK);
    for (unsigned i = 0; i < life->rude_count; i++)
        client_hang_up(life->rude[i], true);
    /* While memory is short publishers are slowed down, and who is refused ends
     * its connection in 3.x, and begins again: that takes its time. */
    unsigned rounds = life->tight ? 10 * QUIET_ROUNDS : QUIET_ROUNDS;
    for (unsigned round = 0; round < 100 * QUIET_ROUNDS; round++) {
        if (round >= rounds && (!life->tight || life_rested(life))) break;
        for (unsigned i = 0; i < life->actor_count; i++)
            actor_rest(life, &life->actors[i]);
        world_wait(life->world, ROUND_MS);
        story_wait(life->config->story, ROUND_MS);
        if (life->error[0] != 0) return;
    }
    for (unsigned i = 0; i < life->actor_count; i++)
        rested_check(life, &life->actors[i]);
    undertaker_end(life);
}

static void check_retained(struct life *life, const struct words *packet,
                           bool seen[ACTORS_MAX][RETAINED_TOPICS])
{
    unsigned actor, number;
    struct bytes name = words_text(packet, "topic");
    if (!actor_retained(life, name, &actor, &number)) {
        (void)life_wrong(life, "observer", "nobody retained this");
        return;
    }
    const struct retained *r = &life->retained[actor][number];
    unsigned long got = actor_value(words_text(packet, "payload"));
    seen[actor][number] = true;
    if (got >= r->completed && got <= r->sent) return;
    char what[96];
    snprintf(what, sizeof(what), "retained on r/%u/%u is %lu, not %u..%u",
             actor, number, got, r->completed, r->sent);
    if (life_wrong(life, "observer", what)) {
        story_claim(life->config->story,
                    "observer saw at_most 0 publish r/%u/%u %lu\n", actor,
                    number, got);
    }
}

static void observer_ask(struct life *life, struct client *client)
{
    struct words *connect = words_new(PACKET_CONNECT);
    words_number_add(connect, "v", 4);
    words_text_add(connect, "id", bytes_of("observer"));
    client_open(client, 4);
    story_packet(life->config->story, client->name, false, connect);
    client_connect(client, connect);
    words_free(connect);
    struct words *subscribe = words_new(PACKET_SUBSCRIBE);
    words_number_add(subscribe, "pid", 1);
    words_text_add(subscribe, "filter", bytes_of("r/#"));
    life_say(life, client, subscribe);
    world_settle(life->world);
    (void)client_read(client);
}

/* A new client sees the last retained value of each topic. */
static void life_retained(struct life *life)
{
    bool seen[ACTORS_MAX][RETAINED_TOPICS] = {{false}};
    struct client *client = client_new(life->world, "observer");
    observer_ask(life, client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        if (packet->type == PACKET_PUBLISH) check_retained(life, packet, seen);
        words_free(packet);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
            if (life->retained[i][k].completed == 0 || seen[i][k]) continue;
            if (life->tight) continue; /* it was not let in */
            if (life_wrong(life, "observer", "a retained message is missing")) {
                story_claim(life->config->story,
                            "observer saw publish r/%u/%u\n", i, k);
            }
        }
    }
    story_tell(life->config->story, "cut observer");
    client_hang_up(client, true);
    client_free(client);
}

/* Clear what is retained. */
static void retained_clear(struct life *life, struct actor *actor)
{
    for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
        char topic[32];
        if (life->retained[actor->index][k].sent == 0) continue;
        snprintf(topic, sizeof(topic), "r/%u/%u", actor->index, k);
        struct words *words = words_new(PACKET_PUBLISH);
        words_text_add(words, "topic", bytes_of(topic));
        words_number_add(words, "retain", 1);
        life_say(life, actor->client, words);
    }
    world_settle(life->world);
}

/* End its session: come once more, to stay no longer. */
static void session_clear(struct life *life, struct actor *actor)
{
    struct story *story = life->config->story;
    story_tell(story, "close %s", actor->client->name);
    client_hang_up(actor->client, false);
    world_settle(life->world);
    actor->persistent = false;
    actor->expects_session = false;
    actor_connect(life, actor);
    world_settle(life->world);
    story_tell(story, "close %s", actor->client->name);
    client_hang_up(actor->client, false);
}

/* Start again: only then go copies of shards that are no more, if any are. */
static void life_restart(struct life *life)
{
    if (!life->moved) return;
    story_tell(life->config->story, "crash %u %u", COMMITS_ALL, life->shards);
    world_crash(life->world, COMMITS_ALL);
    world_restart(life->world, life->shards);
    world_settle(life->world);
}

/* Somebody called `name` comes, with a session or to end it. */
static struct client *guest_come(struct life *life, const char *name,
                                 bool clean)
{
    struct client *client = client_new(life->world, name);
    life_greet(life, client, clean);
    world_settle(life->world);
    (void)client_read(client);
    return client;
}

static void guest_go(struct life *life, struct client *client)
{
    world_settle(life->world);
    while (client_read(client))
        world_settle(life->world);
    story_tell(life->config->story, "close %s", client->name);
    client_hang_up(client, false);
    world_settle(life->world);
    client_free(client);
}

/* Who was away gets what it missed, and leaves: of that nothing may stay, and
 * no restart hides it. */
static void life_errand(struct life *life)
{
    if (life->tight) return;
    struct client *away = guest_come(life, "away", false);
    struct words *words = words_new(PACKET_SUBSCRIBE);
    words_number_add(words, "pid", 1);
    words_text_add(words, "filter", bytes_of("errand"));
    words_number_add(words, "qos", 2);
    life_say(life, away, words);
    guest_go(life, away);
    struct client *speaker = guest_come(life, "speaker", true);
    for (unsigned i = 1; i <= ERRANDS; i++) {
        words = words_new(PACKET_PUBLISH);
        words_text_add(words, "topic", bytes_of("errand"));
        words_number_add(words, "qos", 1 + i % 2);
        words_number_add(words, "pid", i);
        life_say(life, speaker, words);
        world_settle(life->world);
        (void)client_read(speaker);
    }
    guest_go(life, speaker);
    guest_go(life, guest_come(life, "away", false));
    guest_go(life, guest_come(life, "away", true));
}

/* Clear what is retained, end all sessions: hardly anything may be left. */
static void life_end(struct life *life)
{
    char what[96];
    for (unsigned i = 0; i < life->actor_count; i++) {
        if (life->actors[i].born) retained_clear(life, &life->actors[i]);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        if (life->actors[i].born) session_clear(life, &life->actors[i]);
    }
    world_wait(life->world, 600 * 1000);
    story_wait(life->config->story, 600 * 1000);
    life_restart(life);
    life_errand(life);
    size_t records = world_records(life->world);
    if (records > RECORDS_KEPT) {
        snprintf(what, sizeof(what), "%zu records are left when all are gone",
                 records);
        if (life_wrong(life, "disk", what)) {
            story_claim(life->config->story, "records %u\n", RECORDS_KEPT);
        }
    }
    size_t each = life_memory(life) / life->shards;
    if (each <= life->memory_start + MEMORY_SLACK) return;
    snprintf(what, sizeof(what), "%zu bytes are left when all are gone",
             each - life->memory_start);
    if (life_wrong(life, "memory", what)) {
        story_claim(life->config->story, "memory %u\n",
                    MEMORY_SLACK * life->shards);
    }
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
    uint16_t shards = (uint16_t)(1 + life_below(life, SHARDS_RANDOM));
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
    if (life_well(&life)) life_rest(&life);
    if (life_well(&life)) model_end(life.model);
    if (life_well(&life)) life_retained(&life);
    if (life_well(&life)) life_end(&life);
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
