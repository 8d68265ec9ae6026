/* actor.c - what one client of a random life says, and what it hears. */
#include "sim/life.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDS = 65536, CROWD_MEMBERS = 4 };

void actor_begin(struct life *life, unsigned index)
{
    struct actor *actor = &life->actors[index];
    *actor = (struct actor){.index = index};
    snprintf(actor->name, sizeof(actor->name), "actor%u", index);
    for (unsigned i = 0; i < 2; i++) {
        char name[CLIENT_NAME_MAX + 1];
        snprintf(name, sizeof(name), "%s%s", actor->name, i == 0 ? "" : "b");
        actor->clients[i] = client_new(life->world, name);
    }
    actor->client = actor->clients[0];
    actor->version = 3 + (unsigned)life_below(life, 3);
    actor->persistent = life_chance(life, 2, 3);
    /* 3.1 cannot say that a crash cost it its session. */
    if (world_options(life->world)->persistence && actor->version == 3) {
        actor->persistent = false;
    }
}

void actor_end(struct actor *actor)
{
    client_free(actor->clients[0]);
    client_free(actor->clients[1]);
}

bool actor_ready(const struct actor *actor)
{
    return actor->greeted && client_connected(actor->client);
}

bool actor_retained(const struct life *life, struct bytes topic,
                    unsigned *actor, unsigned *number)
{
    char text[16] = {0};
    char *end;
    if (topic.size < 5 || topic.size >= sizeof(text)) return false;
    memcpy(text, topic.data, topic.size);
    if (strncmp(text, "r/", 2) != 0) return false;
    *actor = (unsigned)strtoul(text + 2, &end, 10);
    if (*end != '/') return false;
    *number = (unsigned)strtoul(end + 1, &end, 10);
    return *end == 0 && *actor < life->actor_count && *number < RETAINED_TOPICS;
}

unsigned long actor_value(struct bytes payload)
{
    unsigned long value = 0;
    for (size_t i = 0; i < payload.size; i++) {
        if (payload.data[i] < '0' || payload.data[i] > '9') return 0;
        value = value * 10 + (unsigned long)(payload.data[i] - '0');
    }
    return value;
}

/* --- what an actor says --------------------------------------------------- */

static void say_ack(struct life *life, struct actor *actor,
                    enum packet_type type, uint16_t pid)
{
    struct words *words = words_new(type);
    words_number_add(words, "pid", pid);
    life_say(life, actor->client, words);
}

static void say_publish(struct life *life, struct actor *actor,
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
        model_payload(life->model, sending->message, text);
    }
    struct words *words = words_new(PACKET_PUBLISH);
    words_text_add(words, "topic", bytes_of(topic));
    words_text_add(words, "payload", bytes_of(text));
    words_number_add(words, "qos", qos);
    words_number_add(words, "dup", dup);
    words_number_add(words, "retain", sending->retained);
    if (qos > 0) words_number_add(words, "pid", sending->pid);
    life_say(life, actor->client, words);
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

static bool actor_may_send(const struct life *life, const struct actor *actor)
{
    uint16_t window = world_options(life->world)->receive_maximum;
    return actor->sending_count < OUTSTANDING_MAX &&
           actor->sending_count < window;
}

static void actor_publish(struct life *life, struct actor *actor)
{
    unsigned qos = (unsigned)life_below(life, 3);
    unsigned topic = (unsigned)life_below(life, MODEL_TOPICS);
    unsigned bulk = life->bulk;
    if (bulk > 0) bulk = (unsigned)life_below(life, bulk);
    if (life->crowd && life_chance(life, 2, 3)) {
        unsigned shared = MODEL_TOPICS - MODEL_TOPICS_SHARED;
        topic = MODEL_TOPICS_SHARED + (unsigned)life_below(life, shared);
    }
    if (qos > 0 && !actor_may_send(life, actor)) return;
    struct sending sending = {0};
    sending.message =
        model_publish(life->model, actor->index, topic, qos, bulk);
    if (qos > 0) {
        sending.pid = actor_pid(actor);
        actor->sendings[actor->sending_count++] = sending;
    }
    say_publish(life, actor, &sending, false);
    /* What follows on the same topic may come in the same read. */
    while (life->talkative && qos == 0 && life_chance(life, 1, 2)) {
        sending.message =
            model_publish(life->model, actor->index, topic, qos, bulk);
        say_publish(life, actor, &sending, false);
    }
}

static void actor_retain(struct life *life, struct actor *actor)
{
    unsigned topic = (unsigned)life_below(life, RETAINED_TOPICS);
    if (!actor_may_send(life, actor)) return;
    struct retained *retained = &life->retained[actor->index][topic];
    struct sending sending = {.retained = true,
                              .topic = topic,
                              .value = ++retained->sent,
                              .pid = actor_pid(actor)};
    actor->sendings[actor->sending_count++] = sending;
    say_publish(life, actor, &sending, false);
}

/* What is retained now and acknowledged must come, or something later. */
static void actor_floors(const struct life *life, struct actor *actor)
{
    memcpy(actor->floors[1], actor->floors[0], sizeof(actor->floors[0]));
    for (unsigned i = 0; i < ACTORS_MAX; i++) {
        for (unsigned k = 0; k < RETAINED_TOPICS; k++)
            actor->floors[0][i][k] = life->retained[i][k].completed;
    }
}

static void actor_ask(struct life *life, struct actor *actor)
{
    bool recall = actor->asked_filter == FILTER_RECALL;
    actor->asked_pid = actor_pid(actor);
    struct words *words = words_new(
        actor->asked_subscribe ? PACKET_SUBSCRIBE : PACKET_UNSUBSCRIBE);
    words_number_add(words, "pid", actor->asked_pid);
    words_text_add(
        words, "filter",
        bytes_of(recall ? "r/#" : model_filter(actor->asked_filter)));
    if (actor->asked_subscribe) {
        words_number_add(words, "qos", actor->asked_qos);
    }
    if (recall) {
        actor_floors(life, actor);
    } else if (actor->asked_subscribe) {
        if (strcmp(model_filter(actor->asked_filter), "#") == 0) {
            actor->recalls = true;
        }
        model_subscribing(life->model, actor->index, actor->asked_filter,
                          actor->asked_qos);
    } else {
        model_unsubscribed(life->model, actor->index, actor->asked_filter);
        model_actor_left(life->model, actor->index);
    }
    life_say(life, actor->client, words);
}

static void actor_subscribe(struct life *life, struct actor *actor)
{
    if (actor->asked_pid != 0) return;
    actor->asked_filter = (unsigned)life_below(life, MODEL_FILTERS + 1);
    actor->asked_qos = (unsigned)life_below(life, 3);
    actor->asked_subscribe = life_chance(life, 3, 4);
    /* Few members, so that at times all of them are away. */
    if (life->crowd && actor->index < CROWD_MEMBERS) {
        unsigned shared = MODEL_FILTERS - MODEL_SHARED;
        actor->asked_filter = MODEL_SHARED + (unsigned)life_below(life, shared);
    }
    if (actor->keeps) {
        unsigned filter = actor->asked_filter;
        if (model_is_subscribed(life->model, actor->index, filter)) return;
        actor->asked_subscribe = true;
    }
    bool member = actor->asked_filter >= MODEL_SHARED;
    /* A member of QoS 0 may lose what another would have got. */
    if (member && actor->asked_qos == 0) actor->asked_qos = 1;
    if (actor->asked_filter == FILTER_RECALL) actor->asked_qos = 0;
    actor_ask(life, actor);
}

/* --- coming and going ----------------------------------------------------- */

void actor_lost(struct life *life, struct actor *actor)
{
    actor->greeted = false;
    actor->dismissed = false;
    actor->stalled = false;
    actor->asked_pid = 0;
    /* While commits wait, so does what was sent. */
    wills_lost(life_wills(life), actor->index, life->held);
    model_actor_left(life->model, actor->index);
    if (!actor->persistent) model_session_lost(life->model, actor->index);
}

/* The client at the other cable takes over what this one has. */
static void actor_swap(struct life *life, struct actor *actor)
{
    struct client *old = actor->client;
    struct client *heir = actor->clients[old == actor->clients[0]];
    if (actor->stalled) {
        story_tell(life->config->story, "unstall %s", old->name);
        world_stall(life->world, old->cable, false);
    }
    story_tell(life->config->story, "%s deaf=1; %s deaf=0", old->name,
               heir->name);
    old->deaf = true;
    heir->deaf = false;
    memcpy(heir->flight, old->flight, IDS);
    heir->next_pid = old->next_pid;
    actor->client = heir;
    wills_taken(life->wills, actor->index);
    actor_lost(life, actor);
}

/* Its session ends, on its side at once; on the broker's if that hears of it
 * before it has the next CONNECT, on another connection. */
static void actor_end_session(struct life *life, struct actor *actor)
{
    actor->expects_session = false;
    actor->anchored = false;
    actor->sending_count = 0;
    actor->ended = true;
    client_reset(actor->client);
    model_session_ended(life->model, actor->index);
}

/* What it leaves behind, if it is lost. */
static void actor_will(struct life *life, struct actor *actor,
                       struct words *words)
{
    char topic[16], text[16];
    wills_connecting(life_wills(life), actor->index);
    if (!life_chance(life, 1, 3)) return;
    uint64_t delay_s = life_below(life, 6);
    /* Who hears of it is away at times, and then gets nothing at QoS 0. */
    uint64_t qos = 1 + life_below(life, 2);
    if (actor->version < 5) delay_s = 0;
    uint32_t number = wills_leave(life->wills, actor->index, delay_s * 1000,
                                  actor->persistent);
    snprintf(topic, sizeof(topic), "w/%u", actor->index);
    snprintf(text, sizeof(text), "%u", number);
    words_text_add(words, "will", bytes_of(topic));
    words_text_add(words, "will_payload", bytes_of(text));
    words_number_add(words, "will_qos", (uint32_t)qos);
    if (delay_s > 0) words_number_add(words, "will_delay", (uint32_t)delay_s);
}

void actor_left(struct life *life, struct actor *actor)
{
    if (actor->leaving.v == 0) return;
    if (!world_closed(life->world, actor->leaving)) return;
    actor->leaving.v = 0;
    wills_left(life->wills, actor->index);
}

void actor_connect(struct life *life, struct actor *actor)
{
    actor_left(life, actor);
    actor->leaving.v = 0;
    if (actor->client->cable.v != 0) actor_swap(life, actor);
    bool clean = !actor->persistent;
    bool may_end = life->crowd && actor->version == 5 && !actor->keeps;
    if (may_end && life_chance(life, 1, 10)) {
        clean = true;
        actor_end_session(life, actor);
    }
    struct words *words = words_new(PACKET_CONNECT);
    words_number_add(words, "v", actor->version);
    words_text_add(words, "id", bytes_of(actor->name));
    words_number_add(words, "clean", clean);
    if (actor->version == 5) {
        if (actor->persistent) words_number_add(words, "expiry", UINT32_MAX);
        if (life_chance(life, 1, 2)) {
            words_number_add(words, "receive_max",
                             (uint32_t)(1 + life_below(life, 30)));
        }
        if (life_chance(life, 1, 2)) {
            words_number_add(words, "alias_max",
                             (uint32_t)life_below(life, 20));
        }
    }
    actor_will(life, actor, words);
    actor->born = true;
    client_open(actor->client, actor->version);
    story_packet(life->config->story, actor->client->name, false, words);
    client_connect(actor->client, words);
    words_free(words);
}

static void actor_leave(struct life *life, struct actor *actor)
{
    uint64_t way = life_below(life, 3);
    if (way == 0) {
        struct words *words = words_new(PACKET_DISCONNECT);
        bool may_end = life->crowd && actor->version == 5 &&
                       actor->persistent && !actor->keeps;
        if (may_end && life_chance(life, 1, 3)) {
            words_number_add(words, "expiry", 0);
            actor_end_session(life, actor);
        }
        life_say(life, actor->client, words);
        wills_leaving(life->wills, actor->index);
        actor->leaving = actor->client->cable;
    }
    story_tell(life->config->story, "%s %s", way == 2 ? "cut" : "close",
               actor->client->name);
    client_hang_up(actor->client, way == 2);
    actor_lost(life, actor);
}

/* Is there a QoS 2 message that it may have to send again? One that a crash
 * kept from some is neither acknowledged nor refused while there is no room for
 * it: the connection ends. */
static bool actor_doubts(const struct life *life, const struct actor *actor)
{
    for (unsigned i = 0; i < actor->sending_count; i++) {
        const struct sending *sending = &actor->sendings[i];
        if (sending->released || sending->retained) continue;
        if (model_qos(life->model, sending->message) == 2) return true;
    }
    return false;
}

void actor_closed(struct life *life, struct actor *actor)
{
    /* 3.x has no other way to say that it cannot keep a publish. */
    bool unkept = actor->version < 5 ? actor->sending_count > 0
                                     : actor_doubts(life, actor);
    bool may = unkept || actor->dismissed;
    bool refused = (life->tight || life->jumped) && !actor->greeted;
    if (!(may && (life->failed || life->tight)) && !refused &&
        life_wrong(life, actor->client->name, "was closed")) {
        story_claim(life->config->story, "%s expect open\n",
                    actor->client->name);
    }
    story_tell(life->config->story, "close %s", actor->client->name);
    client_hang_up(actor->client, false);
    actor_lost(life, actor);
}

/* --- what an actor hears -------------------------------------------------- */

static void sending_remove(struct actor *actor, unsigned index)
{
    actor->sending_count -= 1;
    memmove(&actor->sendings[index], &actor->sendings[index + 1],
            (actor->sending_count - index) * sizeof(actor->sendings[0]));
}

/* Send again what is not acknowledged. */
static void actor_resume(struct life *life, struct actor *actor)
{
    for (unsigned i = 0; i < actor->sending_count; i++) {
        struct sending *s = &actor->sendings[i];
        if (s->released) {
            say_ack(life, actor, PACKET_PUBREL, s->pid);
            continue;
        }
        if (!s->retained) model_again(life->model, s->message);
        say_publish(life, actor, s, true);
    }
}

static void hear_connack(struct life *life, struct actor *actor,
                         const struct words *packet)
{
    const char *name = actor->client->name;
    if (words_number(packet, "reason", 1) != 0) {
        if (life->tight) return; /* and closed; another time, then */
        if (life_wrong(life, name, "was refused")) {
            story_claim(life->config->story, "%s expect any connack\n", name);
        }
        return;
    }
    actor->greeted = true;
    bool present = words_number(packet, "present", 0) != 0;
    if (actor->version == 3) present = actor->expects_session;
    bool doubt = actor->unsure || actor->ended;
    if (actor->client->clean) doubt = false;
    bool known = present == actor->expects_session || doubt;
    actor->unsure = false;
    actor->ended = false;
    if (!known && life_wrong(life, name,
                             present ? "has a session it never had"
                                     : "lost its session")) {
        story_claim(life->config->story, "%s expect any connack present=%d\n",
                    name, !present);
    }
    actor->expects_session = actor->persistent;
    if (!present) {
        actor->sending_count = 0;
        actor->anchored = false;
        model_session_lost(life->model, actor->index);
    }
    wills_greeted(life->wills, actor->index, present);
    actor_resume(life, actor);
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
    const char *name = actor->client->name;
    const struct sending *done = &actor->sendings[index];
    unsigned qos = sending_qos(life, done);
    if (type == PACKET_PUBCOMP || done->released) return;
    for (unsigned i = 0; i < index; i++) {
        const struct sending *s = &actor->sendings[i];
        if (s->released || sending_qos(life, s) != qos) continue;
        if (life_wrong(life, name, "acknowledged out of order")) {
            const char *what = words_type_name(type);
            story_claim(life->config->story,
                        "%s saw next %s %u\n%s saw next %s %u\n", name, what,
                        s->pid, name, what, done->pid);
        }
    }
}

/* Refused: only 5.0 can, and only for want of room. */
static void hear_refused(struct life *life, struct actor *actor,
                         const struct sending *s, const struct words *packet)
{
    uint32_t reason = words_number(packet, "reason", 0);
    bool may = life->failed || life->tight;
    if (actor->version < 5 || reason != 0x97 || !may) {
        if (life_wrong(life, actor->client->name, "a publish was refused")) {
            story_claim(life->config->story,
                        "%s saw at_most 0 %s %u reason=%u\n",
                        actor->client->name, words_type_name(packet->type),
                        s->pid, reason);
        }
    }
    if (!s->retained) model_refused(life->model, s->message);
}

static void hear_completed(struct life *life, struct actor *actor,
                           const struct words *packet)
{
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    bool refused = words_number(packet, "reason", 0) >= 0x80 &&
                   packet->type != PACKET_PUBCOMP;
    for (unsigned i = 0; i < actor->sending_count; i++) {
        struct sending *s = &actor->sendings[i];
        if (s->pid != pid) continue;
        hear_order(life, actor, i, packet->type);
        if (refused) {
            hear_refused(life, actor, s, packet);
        } else if (packet->type == PACKET_PUBREC) {
            s->released = true; /* the client has answered by itself */
            return;
        } else if (s->retained) {
            life->retained[actor->index][s->topic].completed = s->value;
        } else {
            model_completed(life->model, s->message);
        }
        sending_remove(actor, i);
        return;
    }
    if (packet->type == PACKET_PUBCOMP) return;
    if (life_wrong(life, actor->client->name,
                   "an acknowledgement for nothing")) {
        story_claim(life->config->story, "%s saw at_most 1 %s %u\n",
                    actor->client->name, words_type_name(packet->type), pid);
    }
}

static void hear_answer(struct life *life, struct actor *actor,
                        const struct words *packet)
{
    const char *name = actor->client->name;
    uint32_t code = words_number(packet, "code", 0x80);
    if (words_number(packet, "pid", 0) != actor->asked_pid) {
        if (life_wrong(life, name, "an answer to nothing")) {
            story_claim(life->config->story, "%s saw at_most 1 %s pid=%u\n",
                        name, words_type_name(packet->type),
                        words_number(packet, "pid", 0));
        }
        return;
    }
    actor->asked_pid = 0;
    /* An UNSUBACK that changed nothing waited for no disk. */
    if (packet->type != PACKET_SUBACK) return;
    actor->anchored = true;
    wills_sealed(life->wills, actor->index);
    if (life->tight && code >= 0x80) return;
    if (code != actor->asked_qos &&
        life_wrong(life, name, "another QoS was granted")) {
        story_claim(life->config->story, "%s expect any suback %u\n", name,
                    actor->asked_qos);
    }
    if (actor->asked_filter == FILTER_RECALL) return;
    model_subscribed(life->model, actor->index, actor->asked_filter,
                     actor->asked_qos);
}

/* A message of a topic with one publisher: its last value, or one on its way
 * there. */
static void hear_retained(struct life *life, struct actor *actor,
                          const struct words *packet)
{
    struct bytes topic = words_text(packet, "topic");
    struct bytes text = words_text(packet, "payload");
    unsigned long value = actor_value(text);
    unsigned who, number;
    bool known = actor_retained(life, topic, &who, &number);
    if (text.size == 0) return; /* cleared */
    unsigned low = 1, high = known ? life->retained[who][number].sent : 0;
    if (known && !actor->recalls && words_number(packet, "retain", 0) != 0) {
        low = actor->floors[1][who][number];
    }
    if (known && value >= low && value <= high && value > 0) return;
    if (life_wrong(life, actor->client->name, "has an old retained value")) {
        story_claim(life->config->story,
                    "%s saw at_most 0 publish \"%.*s\" \"%lu\"\n",
                    actor->client->name, (int)topic.size,
                    (const char *)topic.data, value);
    }
}

static void hear_publish(struct life *life, struct actor *actor,
                         const struct words *packet)
{
    struct bytes topic = words_text(packet, "topic");
    if (topic.size > 0 && topic.data[0] == 'w') return; /* see undertaker.c */
    if (topic.size > 0 && topic.data[0] == 'r') {
        hear_retained(life, actor, packet);
        return;
    }
    uint32_t qos = words_number(packet, "qos", 0);
    bool dup = words_number(packet, "dup", 0) != 0;
    if (words_number(packet, "retain", 0) != 0 &&
        life_wrong(life, actor->client->name, "RETAIN on a live message")) {
        story_claim(life->config->story, "%s saw at_most 0 publish retain=1\n",
                    actor->client->name);
    }
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
        actor->dismissed = (life->failed || life->tight) &&
                           words_number(packet, "reason", 0) == 0x97;
        if (actor->dismissed) break;
        if (life_wrong(life, actor->client->name, "was sent away")) {
            story_claim(life->config->story, "%s saw at_most 0 disconnect\n",
                        actor->client->name);
        }
        break;
    default: break;
    }
}

bool actor_read(struct life *life, struct actor *actor)
{
    struct client *client = actor->client;
    for (unsigned i = 0; i < 2; i++) {
        if (actor->clients[i]->deaf) (void)client_read(actor->clients[i]);
    }
    bool read = client_read(client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        hear(life, actor, packet);
        words_free(packet);
    }
    if (client->error[0] != 0) {
        (void)life_wrong(life, client->name, client->error);
    }
    return read;
}

/* --- what an actor does --------------------------------------------------- */

static void actor_stall(struct life *life, struct actor *actor)
{
    actor->stalled = !actor->stalled;
    story_tell(life->config->story, "%s %s",
               actor->stalled ? "stall" : "unstall", actor->client->name);
    world_stall(life->world, actor->client->cable, actor->stalled);
}

void actor_act(struct life *life, struct actor *actor)
{
    static const struct {
        unsigned below[2]; /* of 100; in a crowd */
        void (*act)(struct life *life, struct actor *actor);
    } acts[] = {{{53, 45}, actor_publish},   {{60, 48}, actor_retain},
                {{80, 65}, actor_subscribe}, {{88, 80}, actor_leave},
                {{93, 90}, actor_stall},     {{95, 95}, actor_connect}};
    if (actor->client->cable.v == 0) {
        bool stays = life->crowd && actor->born && life_chance(life, 2, 3);
        if (!stays) actor_connect(life, actor);
        return;
    }
    if (world_closed(life->world, actor->client->cable)) {
        actor_closed(life, actor);
        return;
    }
    if (!actor_ready(actor)) return;
    uint64_t what = life_below(life, 100);
    for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (what >= acts[i].below[life->crowd]) continue;
        acts[i].act(life, actor);
        return;
    }
    life_say(life, actor->client, words_new(PACKET_PINGREQ));
}
