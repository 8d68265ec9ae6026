/* random.c - a random life of the broker. */
#include "sim/random.h"

#include "core/bounds.h"
#include "sim/client.h"
#include "sim/model.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ACTORS_MIN = 3,
    ACTORS_MAX = 12,
    RUDE_MAX = 3,
    OUTSTANDING_MAX = 64, /* messages of one actor not yet completed */
    GARBAGE_MAX = 64,
    QUIET_ROUNDS = 50,
    SHARDS_RANDOM = 4,
    RECORDS_KEPT = 64,  /* what shards know of one another */
    CRASH_COMMITS = 20, /* that reach the disk before a crash, below this */
    /* What shards may keep when all is gone: tables that have grown. */
    MEMORY_SLACK = 256 * 1024,
    RETAINED_TOPICS = 3
};

/* One message on its way to the broker. */
struct sending {
    uint32_t message; /* of the model; RETAINED for a retained one */
    uint16_t pid;
    bool released; /* PUBREL is sent */
    bool retained;
    unsigned topic, value; /* of a retained one */
};

struct actor {
    struct client *client;
    unsigned index;
    unsigned version;
    bool persistent;
    bool expects_session; /* it has been there and is kept */
    bool greeted;         /* CONNACK was seen */
    bool stalled;
    bool anchored; /* an answer has proved that the session is on disk */
    bool unsure;   /* a crash may have lost the session, or its CONNACK */
    struct sending sendings[OUTSTANDING_MAX];
    unsigned sending_count;
    uint16_t asked_pid; /* of SUBSCRIBE or UNSUBSCRIBE under way; 0: none */
    unsigned asked_filter, asked_qos;
    bool asked_subscribe;
};

/* A topic with one publisher: what is there at the end is what it said last. */
struct retained {
    unsigned completed; /* the last value acknowledged; 0: none */
    unsigned sent;      /* the last value sent */
};

struct life {
    const struct random_config *config;
    struct world *world;
    struct rng rng; /* of the actors */
    struct model *model;
    struct actor actors[ACTORS_MAX];
    unsigned actor_count;
    struct client *rude[RUDE_MAX];
    unsigned rude_count;
    struct retained retained[ACTORS_MAX][RETAINED_TOPICS];
    size_t memory_start; /* of one shard */
    uint16_t shards;
    bool held;  /* commits wait */
    bool moved; /* a crash changed the number of shards */
    uint32_t step;
    char error[CLIENT_ERROR_MAX + 1];
};

static uint64_t below(struct life *life, uint64_t bound)
{
    return rng_below(&life->rng, bound);
}

static bool chance(struct life *life, uint64_t parts, uint64_t whole)
{
    return rng_chance(&life->rng, parts, whole);
}

static void life_wrong(struct life *life, const char *who, const char *what)
{
    if (life->error[0] != 0) return;
    snprintf(life->error, sizeof(life->error), "%s: %.400s", who, what);
}

/* --- what an actor says --------------------------------------------------- */

static void say_ack(struct actor *actor, enum packet_type type, uint16_t pid)
{
    struct words *words = words_new(type);
    words_number_add(words, "pid", pid);
    client_say(actor->client, words);
    words_free(words);
}

static void say_publish(struct actor *actor, const struct life *life,
                        const struct sending *sending, bool dup)
{
    char text[MODEL_PAYLOAD_MAX];
    char topic[32];
    unsigned qos = 1;
    if (sending->retained) {
        snprintf(topic, sizeof(topic), "r/%u/%u", actor->index, sending->topic);
        snprintf(text, sizeof(text), "%u", sending->value);
    } else {
        qos = model_qos(life->model, sending->message);
        snprintf(topic, sizeof(topic), "%s",
                 model_topic(model_topic_of(life->model, sending->message)));
        model_payload(sending->message, text);
    }
    struct words *words = words_new(PACKET_PUBLISH);
    words_text_add(words, "topic", bytes_of(topic));
    words_text_add(words, "payload", bytes_of(text));
    words_number_add(words, "qos", qos);
    words_number_add(words, "dup", dup);
    words_number_add(words, "retain", sending->retained);
    if (qos > 0) words_number_add(words, "pid", sending->pid);
    client_say(actor->client, words);
    words_free(words);
}

/* A packet id that none of the actor's packets has. */
static uint16_t actor_pid(struct actor *actor)
{
    for (;;) {
        uint16_t pid = client_pid(actor->client);
        bool used = pid == actor->asked_pid;
        for (unsigned i = 0; i < actor->sending_count; i++) {
            used = used || actor->sendings[i].pid == pid;
        }
        if (!used) return pid;
    }
}

static bool actor_ready(const struct actor *actor)
{
    return actor->greeted && client_connected(actor->client);
}

static bool actor_may_send(const struct life *life, const struct actor *actor)
{
    uint16_t window = world_options(life->world)->receive_maximum;
    return actor->sending_count < OUTSTANDING_MAX &&
           actor->sending_count < window;
}

static void actor_publish(struct life *life, struct actor *actor)
{
    char payload[MODEL_PAYLOAD_MAX];
    unsigned qos = (unsigned)below(life, 3);
    if (qos > 0 && !actor_may_send(life, actor)) return;
    unsigned topic = (unsigned)below(life, MODEL_TOPICS);
    struct sending sending = {0};
    sending.message =
        model_publish(life->model, actor->index, topic, qos, payload);
    if (qos > 0) {
        sending.pid = actor_pid(actor);
        actor->sendings[actor->sending_count++] = sending;
    }
    say_publish(actor, life, &sending, false);
}

static void actor_retain(struct life *life, struct actor *actor)
{
    if (!actor_may_send(life, actor)) return;
    unsigned topic = (unsigned)below(life, RETAINED_TOPICS);
    struct retained *retained = &life->retained[actor->index][topic];
    struct sending sending = {.retained = true,
                              .topic = topic,
                              .value = ++retained->sent,
                              .pid = actor_pid(actor)};
    actor->sendings[actor->sending_count++] = sending;
    say_publish(actor, life, &sending, false);
}

static void actor_subscribe(struct life *life, struct actor *actor)
{
    if (actor->asked_pid != 0) return;
    actor->asked_filter = (unsigned)below(life, MODEL_FILTERS);
    actor->asked_qos = (unsigned)below(life, 3);
    /* A member of QoS 0 may lose what another would have got. */
    bool member = actor->asked_filter >= MODEL_SHARED;
    if (member && actor->asked_qos == 0) actor->asked_qos = 1;
    actor->asked_subscribe = chance(life, 3, 4);
    actor->asked_pid = actor_pid(actor);
    struct words *words = words_new(
        actor->asked_subscribe ? PACKET_SUBSCRIBE : PACKET_UNSUBSCRIBE);
    words_number_add(words, "pid", actor->asked_pid);
    words_text_add(words, "filter",
                   bytes_of(model_filter(actor->asked_filter)));
    if (actor->asked_subscribe) {
        words_number_add(words, "qos", actor->asked_qos);
        model_subscribing(life->model, actor->index, actor->asked_filter);
    } else {
        model_unsubscribed(life->model, actor->index, actor->asked_filter);
        model_member_left(life->model);
    }
    client_say(actor->client, words);
    words_free(words);
}

/* --- coming and going ----------------------------------------------------- */

static void actor_lost(struct life *life, struct actor *actor)
{
    actor->greeted = false;
    actor->stalled = false;
    actor->asked_pid = 0;
    model_member_left(life->model);
    if (!actor->persistent) model_session_lost(life->model, actor->index);
}

static void actor_connect(struct life *life, struct actor *actor)
{
    struct words *words = words_new(PACKET_CONNECT);
    words_number_add(words, "v", actor->version);
    words_text_add(words, "id", bytes_of(actor->client->name));
    words_number_add(words, "clean", !actor->persistent);
    if (actor->version == 5) {
        if (actor->persistent) words_number_add(words, "expiry", UINT32_MAX);
        if (chance(life, 1, 2)) {
            words_number_add(words, "receive_max",
                             (uint32_t)(1 + below(life, 30)));
        }
        if (chance(life, 1, 2)) {
            words_number_add(words, "alias_max", (uint32_t)below(life, 20));
        }
    }
    client_open(actor->client, actor->version);
    client_connect(actor->client, words);
    words_free(words);
}

static void actor_leave(struct life *life, struct actor *actor)
{
    uint64_t way = below(life, 3);
    if (way == 0) {
        struct words *words = words_new(PACKET_DISCONNECT);
        client_say(actor->client, words);
        words_free(words);
    }
    client_hang_up(actor->client, way == 2);
    actor_lost(life, actor);
}

/* --- what an actor hears -------------------------------------------------- */

static void sending_remove(struct actor *actor, unsigned index)
{
    actor->sending_count -= 1;
    memmove(&actor->sendings[index], &actor->sendings[index + 1],
            (actor->sending_count - index) * sizeof(actor->sendings[0]));
}

static void hear_connack(struct life *life, struct actor *actor,
                         const struct words *packet)
{
    if (words_number(packet, "reason", 1) != 0) {
        life_wrong(life, actor->client->name, "was refused");
        return;
    }
    actor->greeted = true;
    bool present = words_number(packet, "present", 0) != 0;
    if (actor->version == 3) present = actor->expects_session;
    bool known = present == actor->expects_session || actor->unsure;
    actor->unsure = false;
    if (!known) {
        life_wrong(life, actor->client->name,
                   present ? "has a session it never had" : "lost its session");
    }
    actor->expects_session = actor->persistent;
    if (!present) {
        actor->sending_count = 0;
        actor->anchored = false;
        model_session_lost(life->model, actor->index);
    }
    for (unsigned i = 0; i < actor->sending_count; i++) {
        struct sending *s = &actor->sendings[i];
        if (s->released) {
            say_ack(actor, PACKET_PUBREL, s->pid);
        } else {
            if (!s->retained) model_again(life->model, s->message);
            say_publish(actor, life, s, true);
        }
    }
}

static unsigned sending_qos(const struct life *life, const struct sending *s)
{
    return s->retained ? 1 : model_qos(life->model, s->message);
}

/* PUBACK and PUBREC come in the order of what they acknowledge. [MQTT-4.6.0-2]
 * [MQTT-4.6.0-3] */
static void hear_order(struct life *life, const struct actor *actor,
                       unsigned index, enum packet_type type)
{
    unsigned qos = sending_qos(life, &actor->sendings[index]);
    if (type == PACKET_PUBCOMP || actor->sendings[index].released) return;
    for (unsigned i = 0; i < index; i++) {
        const struct sending *s = &actor->sendings[i];
        if (s->released || sending_qos(life, s) != qos) continue;
        life_wrong(life, actor->client->name, "acknowledged out of order");
    }
}

static void hear_completed(struct life *life, struct actor *actor,
                           const struct words *packet)
{
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    for (unsigned i = 0; i < actor->sending_count; i++) {
        struct sending *s = &actor->sendings[i];
        if (s->pid != pid) continue;
        hear_order(life, actor, i, packet->type);
        if (packet->type == PACKET_PUBREC) {
            s->released = true; /* the client has answered by itself */
            return;
        }
        if (s->retained) {
            life->retained[actor->index][s->topic].completed = s->value;
        } else {
            model_completed(life->model, s->message);
        }
        sending_remove(actor, i);
        return;
    }
    if (packet->type == PACKET_PUBCOMP) return;
    life_wrong(life, actor->client->name, "an acknowledgement for nothing");
}

static void hear_answer(struct life *life, struct actor *actor,
                        const struct words *packet)
{
    if (words_number(packet, "pid", 0) != actor->asked_pid) {
        life_wrong(life, actor->client->name, "an answer to nothing");
        return;
    }
    actor->asked_pid = 0;
    /* An UNSUBACK that changed nothing waited for no disk. */
    if (packet->type != PACKET_SUBACK) return;
    actor->anchored = true;
    if (words_number(packet, "code", 0x80) != actor->asked_qos) {
        life_wrong(life, actor->client->name, "another QoS was granted");
    }
    model_subscribed(life->model, actor->index, actor->asked_filter,
                     actor->asked_qos);
}

static void hear_publish(struct life *life, struct actor *actor,
                         const struct words *packet)
{
    struct bytes topic = words_text(packet, "topic");
    if (topic.size > 0 && topic.data[0] == 'r') return;
    if (words_number(packet, "retain", 0) != 0) {
        life_wrong(life, actor->client->name, "RETAIN on a live message");
    }
    uint32_t qos = words_number(packet, "qos", 0);
    bool dup = words_number(packet, "dup", 0) != 0;
    bool first = qos == 2 ? !packet->again : !dup;
    if (packet->again) return;
    model_received(life->model, actor->index, topic,
                   words_text(packet, "payload"), qos, first);
}

static void hear(struct life *life, struct actor *actor,
                 const struct words *packet)
{
    switch (packet->type) {
    case PACKET_CONNACK: hear_connack(life, actor, packet); break;
    case PACKET_PUBLISH: hear_publish(life, actor, packet); break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBCOMP: hear_completed(life, actor, packet); break;
    case PACKET_SUBACK:
    case PACKET_UNSUBACK: hear_answer(life, actor, packet); break;
    case PACKET_DISCONNECT:
        life_wrong(life, actor->client->name, "was sent away");
        break;
    default: break;
    }
}

static bool actor_read(struct life *life, struct actor *actor)
{
    struct client *client = actor->client;
    bool read = client_read(client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        hear(life, actor, packet);
        words_free(packet);
    }
    if (client->error[0] != 0) life_wrong(life, client->name, client->error);
    return read;
}

/* Everybody reads; for world_settle and world_wait. */
static bool life_read(void *context)
{
    struct life *life = context;
    bool busy = false;
    for (unsigned i = 0; i < life->actor_count; i++) {
        busy = actor_read(life, &life->actors[i]) || busy;
    }
    for (unsigned i = 0; i < life->rude_count; i++) {
        struct client *client = life->rude[i];
        if (client->cable.v == 0) continue;
        struct bytes in = world_received(life->world, client->cable);
        world_used(life->world, client->cable, in.size);
    }
    return busy && life->error[0] == 0;
}

/* --- rudeness ------------------------------------------------------------- */

static void rude_act(struct life *life, struct client *client)
{
    uint8_t garbage[GARBAGE_MAX];
    if (client->cable.v == 0 || world_closed(life->world, client->cable)) {
        client_open(client, 5);
        return;
    }
    switch (below(life, 4)) {
    case 0: client_hang_up(client, chance(life, 1, 2)); return;
    case 1: {
        static const uint8_t hello[] = {0x10, 0x10, 0, 4,   'M', 'Q',
                                        'T',  'T',  5, 2,   0,   0,
                                        0,    0,    3, 'b', 'a', 'd'};
        client_send(client, bytes_at(hello, sizeof(hello)));
        return;
    }
    default: break;
    }
    size_t size = 1 + below(life, GARBAGE_MAX);
    rng_fill(&life->rng, garbage, size);
    if (chance(life, 1, 2) && size > 1) {
        garbage[0] = (uint8_t)(garbage[0] & 0xf2);
        garbage[1] = (uint8_t)(size - 2);
    }
    client_send(client, bytes_at(garbage, size));
}

/* --- the life ------------------------------------------------------------- */

static void actor_act(struct life *life, struct actor *actor)
{
    if (actor->client->cable.v == 0) {
        actor_connect(life, actor);
        return;
    }
    if (world_closed(life->world, actor->client->cable)) {
        life_wrong(life, actor->client->name, "was closed");
        return;
    }
    if (!actor_ready(actor)) return;
    uint64_t what = below(life, 100);
    if (what < 55) {
        actor_publish(life, actor);
    } else if (what < 62) {
        actor_retain(life, actor);
    } else if (what < 82) {
        actor_subscribe(life, actor);
    } else if (what < 90) {
        actor_leave(life, actor);
    } else if (what < 95) {
        actor->stalled = !actor->stalled;
        world_stall(life->world, actor->client->cable, actor->stalled);
    } else {
        struct words *words = words_new(PACKET_PINGREQ);
        client_say(actor->client, words);
        words_free(words);
    }
}

/* The broker is gone, and all that was under way; it comes back, perhaps with
 * another number of shards. */
static void life_crash(struct life *life)
{
    uint16_t shards = life->shards;
    world_crash(life->world, below(life, CRASH_COMMITS));
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        client_hang_up(actor->client, true);
        actor->unsure = actor->persistent && !actor->anchored;
        actor_lost(life, actor);
    }
    for (unsigned i = 0; i < life->rude_count; i++) {
        client_hang_up(life->rude[i], true);
    }
    if (life->config->shards == 0 && chance(life, 1, 2)) {
        life->shards = (uint16_t)(1 + below(life, SHARDS_RANDOM));
    }
    bool moved = life->shards != shards;
    if (moved) life->moved = true;
    model_crashed(life->model, moved);
    world_restart(life->world, life->shards);
    life->held = false;
}

/* What the disk does, in a life that has one. */
static void life_disk(struct life *life)
{
    if (!world_options(life->world)->persistence) return;
    if (chance(life, 1, 30)) {
        life->held = !life->held;
        world_hold(life->world, life->held);
    }
    if (chance(life, 1, 200)) life_crash(life);
}

static void life_step(struct life *life)
{
    life_disk(life);
    if (life->rude_count > 0 && chance(life, 1, 10)) {
        rude_act(life, life->rude[below(life, life->rude_count)]);
    } else {
        actor_act(life, &life->actors[below(life, life->actor_count)]);
    }
    for (uint64_t turns = below(life, 6); turns > 0; turns--) {
        (void)world_turn(life->world);
        if (chance(life, 2, 3)) {
            (void)actor_read(life,
                             &life->actors[below(life, life->actor_count)]);
        }
    }
    if (chance(life, 1, 50)) world_wait(life->world, below(life, 3000));
}

static size_t life_memory(const struct life *life)
{
    size_t sum = 0;
    for (uint16_t i = 0; i < life->shards; i++) {
        sum += world_bytes(life->world, i);
    }
    return sum;
}

/* Everybody comes back, reads, and finishes what was begun. */
static void life_rest(struct life *life)
{
    world_hold(life->world, false);
    for (unsigned i = 0; i < life->rude_count; i++) {
        client_hang_up(life->rude[i], true);
    }
    for (unsigned round = 0; round < QUIET_ROUNDS; round++) {
        for (unsigned i = 0; i < life->actor_count; i++) {
            struct actor *actor = &life->actors[i];
            if (actor->client->cable.v == 0) actor_connect(life, actor);
            if (actor->stalled) {
                actor->stalled = false;
                world_stall(life->world, actor->client->cable, false);
            }
        }
        world_wait(life->world, 100);
        if (life->error[0] != 0) return;
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        if (!actor_ready(actor)) {
            life_wrong(life, actor->client->name, "cannot come back");
        } else if (actor->sending_count > 0) {
            life_wrong(life, actor->client->name,
                       "waits for an acknowledgement in vain");
        } else if (actor->asked_pid != 0) {
            life_wrong(life, actor->client->name,
                       "waits for SUBACK or UNSUBACK in vain");
        }
    }
}

/* "r/ACTOR/NUMBER" */
static bool retained_read(const char *topic, unsigned *actor, unsigned *number)
{
    char *end;
    if (strncmp(topic, "r/", 2) != 0) return false;
    *actor = (unsigned)strtoul(topic + 2, &end, 10);
    if (*end != '/') return false;
    *number = (unsigned)strtoul(end + 1, &end, 10);
    return *end == 0;
}

static void check_retained(struct life *life, const struct words *packet,
                           bool seen[ACTORS_MAX][RETAINED_TOPICS])
{
    char topic[32] = {0};
    char value[32] = {0};
    unsigned actor, number;
    struct bytes name = words_text(packet, "topic");
    struct bytes text = words_text(packet, "payload");
    if (name.size >= sizeof(topic) || text.size >= sizeof(value)) return;
    memcpy(topic, name.data, name.size);
    memcpy(value, text.data, text.size);
    if (!retained_read(topic, &actor, &number) || actor >= life->actor_count ||
        number >= RETAINED_TOPICS) {
        life_wrong(life, topic, "nobody retained this");
        return;
    }
    const struct retained *r = &life->retained[actor][number];
    unsigned long got = strtoul(value, NULL, 10);
    seen[actor][number] = true;
    if (got < r->completed || got > r->sent) {
        char what[96];
        snprintf(what, sizeof(what), "retained is %lu, not %u..%u", got,
                 r->completed, r->sent);
        life_wrong(life, topic, what);
    }
}

/* A new client sees the last retained value of each topic. */
static void life_retained(struct life *life)
{
    bool seen[ACTORS_MAX][RETAINED_TOPICS] = {{false}};
    struct client *client = client_new(life->world, "observer");
    struct words *connect = words_new(PACKET_CONNECT);
    words_text_add(connect, "id", bytes_of("observer"));
    client_open(client, 4);
    client_connect(client, connect);
    words_free(connect);
    struct words *subscribe = words_new(PACKET_SUBSCRIBE);
    words_number_add(subscribe, "pid", 1);
    words_text_add(subscribe, "filter", bytes_of("r/#"));
    client_say(client, subscribe);
    words_free(subscribe);
    world_settle(life->world);
    (void)client_read(client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        if (packet->type == PACKET_PUBLISH) check_retained(life, packet, seen);
        words_free(packet);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
            if (life->retained[i][k].completed == 0 || seen[i][k]) continue;
            life_wrong(life, "observer", "a retained message is missing");
        }
    }
    client_hang_up(client, true);
    client_free(client);
}

/* Start again: only then go copies of shards that are no more, if any are. */
static void life_restart(struct life *life)
{
    if (!life->moved) return;
    world_crash(life->world, SIZE_MAX);
    world_restart(life->world, life->shards);
    world_settle(life->world);
}

/* Clear what is retained, end all sessions: hardly anything may be left. */
static void life_end(struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        for (unsigned k = 0; k < RETAINED_TOPICS; k++) {
            char topic[32];
            snprintf(topic, sizeof(topic), "r/%u/%u", i, k);
            struct words *words = words_new(PACKET_PUBLISH);
            words_text_add(words, "topic", bytes_of(topic));
            words_number_add(words, "retain", 1);
            client_say(actor->client, words);
            words_free(words);
        }
        world_settle(life->world);
    }
    for (unsigned i = 0; i < life->actor_count; i++) {
        struct actor *actor = &life->actors[i];
        client_hang_up(actor->client, false);
        world_settle(life->world);
        actor->persistent = false;
        actor->expects_session = actor->expects_session && false;
        actor_connect(life, actor);
        world_settle(life->world);
        client_hang_up(actor->client, false);
    }
    world_wait(life->world, 600 * 1000);
    life_restart(life);
    char what[96];
    if (world_records(life->world) > RECORDS_KEPT) {
        snprintf(what, sizeof(what), "%zu records are left when all are gone",
                 world_records(life->world));
        life_wrong(life, "disk", what);
    }
    size_t each = life_memory(life) / life->shards;
    if (each <= life->memory_start + MEMORY_SLACK) return;
    snprintf(what, sizeof(what), "%zu bytes are left when all are gone",
             each - life->memory_start);
    life_wrong(life, "memory", what);
}

static void life_begin(struct life *life)
{
    struct world_config config = {.shards = life->shards,
                                  .seed = life->config->seed,
                                  .trace = life->config->trace,
                                  .chaos = true};
    options_init(&config.options);
    config.options.max_queued_messages = 0;
    config.options.receive_maximum = (uint16_t)(1 + below(life, 30));
    config.options.max_inflight_messages = (uint16_t)(1 + below(life, 30));
    config.options.persistence = chance(life, 1, 2);
    config.options.sys_interval_s = (uint32_t)below(life, 2) * 10;
    life->world = world_new(&config);
    world_clients_set(life->world, life_read, life);
    world_settle(life->world);
    life->memory_start = life_memory(life) / life->shards;
    life->actor_count =
        ACTORS_MIN + (unsigned)below(life, ACTORS_MAX - ACTORS_MIN + 1);
    for (unsigned i = 0; i < life->actor_count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "actor%u", i);
        struct actor *actor = &life->actors[i];
        *actor = (struct actor){.client = client_new(life->world, name),
                                .index = i,
                                .version = 3 + (unsigned)below(life, 3),
                                .persistent = chance(life, 2, 3)};
        /* 3.1 cannot say that a crash cost it its session. */
        if (config.options.persistence && actor->version == 3) {
            actor->persistent = false;
        }
    }
    life->rude_count = (unsigned)below(life, RUDE_MAX + 1);
    for (unsigned i = 0; i < life->rude_count; i++) {
        life->rude[i] = client_new(life->world, "rude");
    }
}

static void life_free(struct life *life)
{
    for (unsigned i = 0; i < life->actor_count; i++) {
        client_free(life->actors[i].client);
    }
    for (unsigned i = 0; i < life->rude_count; i++)
        client_free(life->rude[i]);
    world_free(life->world);
    model_free(life->model);
}

static bool life_well(struct life *life)
{
    if (life->error[0] == 0 && model_error(life->model)[0] != 0) {
        life_wrong(life, "model", model_error(life->model));
    }
    return life->error[0] == 0;
}

int random_run(const struct random_config *config)
{
    struct life life = {.config = config};
    rng_init(&life.rng, config->seed * 2 + 1);
    life.shards = config->shards;
    if (life.shards == 0) {
        life.shards = (uint16_t)(1 + below(&life, SHARDS_RANDOM));
    }
    life.model = model_new();
    life_begin(&life);
    while (life.step < config->steps && life_well(&life)) {
        life_step(&life);
        life.step += 1;
    }
    if (life_well(&life)) life_rest(&life);
    if (life_well(&life)) model_end(life.model);
    if (life_well(&life)) life_retained(&life);
    if (life_well(&life)) life_end(&life);
    bool well = life_well(&life);
    printf("seed %" PRIu64 ": %s, %u shards, %u clients, %u messages, %" PRIu64
           " copies: %s\n",
           config->seed,
           world_options(life.world)->persistence ? "disk" : "no disk",
           life.shards, life.actor_count, model_message_count(life.model),
           model_copy_count(life.model), well ? "well" : "WRONG");
    if (!well) {
        printf("    at step %u: %s\n    see it: mogi-sim %" PRIu64
               " --shards %u --steps %u --trace\n",
               life.step, life.error, config->seed, config->shards,
               config->steps);
    }
    life_free(&life);
    return well ? 0 : 1;
}
