/* calm.c - guests, one at a time, and the mirror beside the broker. */
#include "sim/calm.h"

#include "sim/client.h"
#include "sim/due.h"
#include "sim/words_codec.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IDS = 65536,
    ALIASES = 4,
    SMALL_BYTES = 128, /* of a guest that takes no large packets */
    OPEN_MAX = 40,     /* QoS 2 of one guest without PUBREL */
    PAUSE_MS = 40,     /* between two things, so that no two are at once */
    PACKET_MAX = 600,  /* the broker takes no larger one */
    PACKET_LARGER = 700
};

/* Somebody at one of two cables: the other one may be taken over. */
struct guest {
    char id[16];
    struct client *clients[2];
    unsigned current;
    unsigned aliases[ALIASES]; /* topic of alias + 1; plus 1, 0: none */
    uint8_t *repeatable;       /* QoS 2 ids that may come again */
};

struct calm {
    const struct random_config *config;
    struct world *world;
    struct mirror *mirror;
    struct rng rng;
    struct guest guests[MIRROR_GUESTS];
    uint16_t shards;
    uint32_t number; /* of the last message */
    uint32_t packets;
    uint32_t step;
    char error[LIFE_TEXT_MAX + 1];
};

static uint64_t below(struct calm *calm, uint64_t bound)
{
    return rng_below(&calm->rng, bound);
}

static bool chance(struct calm *calm, uint64_t parts, uint64_t whole)
{
    return rng_chance(&calm->rng, parts, whole);
}

static struct client *client_of(struct calm *calm, unsigned guest)
{
    struct guest *g = &calm->guests[guest];
    return g->clients[g->current];
}

/* Returns whether it is the first thing that is wrong. */
static bool calm_wrong(struct calm *calm, unsigned guest, const char *what,
                       const struct words *packet)
{
    char text[160] = "";
    if (calm->error[0] != 0) return false;
    if (packet != NULL) words_print(packet, text, sizeof(text));
    snprintf(calm->error, sizeof(calm->error), "%s: %.300s%s%s",
             client_of(calm, guest)->name, what, packet == NULL ? "" : ": ",
             text);
    return true;
}

static bool calm_part(struct calm *calm, enum part part)
{
    return acts_begin(calm->config, calm->step, part, &calm->rng, calm->world);
}

/* --- comparing ------------------------------------------------------------ */

/* Tell the story what came, or (`claim`) should have. */
static void flow_tell(struct calm *calm, unsigned guest,
                      const struct mirror_flow *flow, bool claim)
{
    char text[DUE_TEXT_BYTES];
    struct story *story = calm->config->story;
    const struct client *client = client_of(calm, guest);
    if (story == NULL) return;
    struct words *words = due_words(flow, client->version);
    words_write(words, text, sizeof(text));
    const char *any = flow->set != 0 ? "any " : "";
    if (claim) {
        story_claim(story, "%s expect %s%s\n", client->name, any, text);
    } else {
        story_tell(story, "%s expect %s%s", client->name, any, text);
    }
    words_free(words);
}

/* All answers that were due, then what should have come next. */
static void due_claim(struct calm *calm, unsigned guest)
{
    char text[LIFE_TEXT_MAX + 1] = "", line[DUE_ANSWER_BYTES];
    const struct mirror_guest *g = &calm->mirror->guests[guest];
    const char *name = client_of(calm, guest)->name;
    for (unsigned i = 0; i < g->answer_count; i++) {
        due_answer_write(&g->answers[i], line);
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s expect %s\n", name,
                 line);
    }
    if (g->flow_count > 0) {
        flow_tell(calm, guest, &g->flows[0], true);
    } else if (g->closed && client_of(calm, guest)->version == 5) {
        story_claim(calm->config->story, "%s%s expect disconnect %u\n", text,
                    name, g->why);
    } else if (g->closed) {
        story_claim(calm->config->story, "%s%s expect close\n", text, name);
    } else {
        story_claim(calm->config->story, "%s%s expect silence\n", text, name);
    }
}

/* May a packet come before `flow`, which was due earlier? When they are of one
 * set; or when it is QoS 2 and waits for the disk, and the other does not. */
static bool flow_passable(const struct calm *calm,
                          const struct mirror_flow *flow,
                          const struct words *packet, unsigned set)
{
    if (flow->set != 0 && flow->set == set) return true;
    if (!world_options(calm->world)->persistence) return false;
    if (flow->due.qos < 2 || flow->dup || flow->pubrel) return false;
    return packet->type == PACKET_PUBLISH && words_number(packet, "qos", 0) < 2;
}

/* The flow that `packet` is; the number of flows: none. */
static unsigned flow_find(const struct calm *calm, const struct mirror_guest *g,
                          unsigned version, const struct words *packet)
{
    for (unsigned i = 0; i < g->flow_count; i++) {
        if (!due_same(&g->flows[i], version, packet)) continue;
        unsigned k = 0;
        while (k < i &&
               flow_passable(calm, &g->flows[k], packet, g->flows[i].set))
            k += 1;
        if (k == i) return i;
    }
    return g->flow_count;
}

/* A PUBLISH or PUBREL came: the next one, or one that may come before it. */
static void flow_check(struct calm *calm, unsigned guest,
                       const struct words *packet)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    unsigned version = client_of(calm, guest)->version;
    unsigned i = flow_find(calm, g, version, packet);
    if (i == g->flow_count) {
        if (calm_wrong(calm, guest, "this should not come (now)", packet)) {
            due_claim(calm, guest);
        }
        return;
    }
    g->flows[i].due.pid = (uint16_t)words_number(packet, "pid", 0);
    flow_tell(calm, guest, &g->flows[i], false);
    uint16_t pid = (uint16_t)words_number(packet, "pid", 0);
    mirror_came(calm->mirror, guest, g->flows[i].due.serial, pid,
                g->flows[i].set != 0);
    g->flow_count -= 1;
    memmove(&g->flows[i], &g->flows[i + 1],
            (g->flow_count - i) * sizeof(g->flows[0]));
}

static void answer_check(struct calm *calm, unsigned guest,
                         const struct words *packet)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    if (packet->type == PACKET_DISCONNECT && g->closed) {
        uint32_t reason = words_number(packet, "reason", 0);
        if (reason != g->why &&
            calm_wrong(calm, guest, "another reason was due", packet)) {
            story_claim(calm->config->story, "%s expect disconnect %u\n",
                        client_of(calm, guest)->name, g->why);
        }
        story_tell(calm->config->story, "%s expect disconnect %u",
                   client_of(calm, guest)->name, reason);
        return;
    }
    if (g->answer_count == 0 || !due_answer_same(&g->answers[0], packet)) {
        if (calm_wrong(calm, guest, "another answer was due", packet)) {
            due_claim(calm, guest);
        }
        return;
    }
    char text[DUE_ANSWER_BYTES];
    due_answer_write(&g->answers[0], text);
    story_tell(calm->config->story, "%s expect %s",
               client_of(calm, guest)->name, text);
    g->answer_count -= 1;
    memmove(&g->answers[0], &g->answers[1],
            g->answer_count * sizeof(g->answers[0]));
}

static void missing_tell(struct calm *calm, unsigned guest,
                         const struct mirror_flow *flow)
{
    char what[96];
    const struct mirror_due *due = &flow->due;
    snprintf(what, sizeof(what), "%s is missing: message %u on %s, QoS %u",
             flow->pubrel ? "PUBREL" : "PUBLISH", due->message.number,
             mirror_topic(due->message.topic), due->qos);
    if (calm_wrong(calm, guest, what, NULL)) flow_tell(calm, guest, flow, true);
}

static void guest_check(struct calm *calm, unsigned guest)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    struct client *client = client_of(calm, guest);
    if (client->cable.v == 0) return;
    (void)client_read(client);
    while (client->first != NULL && calm->error[0] == 0) {
        struct words *packet = client_take(client, client->first);
        calm->packets += 1;
        if (packet->type == PACKET_PUBLISH || packet->type == PACKET_PUBREL) {
            flow_check(calm, guest, packet);
        } else {
            answer_check(calm, guest, packet);
        }
        words_free(packet);
    }
    if (client->error[0] != 0) {
        (void)calm_wrong(calm, guest, client->error, NULL);
    }
    if (g->flow_count > 0) missing_tell(calm, guest, &g->flows[0]);
    if (g->answer_count > 0 &&
        calm_wrong(calm, guest, "an answer is missing", NULL)) {
        due_claim(calm, guest);
    }
    bool closed = !client_connected(client);
    if (closed != g->closed &&
        calm_wrong(calm, guest, closed ? "was closed" : "was not closed",
                   NULL)) {
        story_claim(calm->config->story, "%s expect %s\n", client->name,
                    closed ? "open" : "close");
    }
    if (!closed) return;
    if (g->closed) {
        story_tell(calm->config->story, "%s expect close", client->name);
    }
    client_hang_up(client, true);
}

/* Let all come to rest, and look at everybody. */
static void calm_check(struct calm *calm)
{
    world_settle(calm->world);
    for (unsigned i = 0; i < MIRROR_GUESTS && calm->error[0] == 0; i++)
        guest_check(calm, i);
    mirror_clear(calm->mirror);
}

/* --- what a guest does ---------------------------------------------------- */

static struct mirror_message message_make(struct calm *calm)
{
    struct mirror_message m = {.number = ++calm->number};
    m.topic = (unsigned)below(calm, MIRROR_TOPICS);
    m.qos = (uint8_t)below(calm, 3);
    m.retain = chance(calm, 1, 4);
    m.empty = chance(calm, 1, 12);
    m.large = !m.empty && chance(calm, 1, 6);
    return m;
}

static void guest_say(struct calm *calm, unsigned guest, struct words *words)
{
    struct client *client = client_of(calm, guest);
    story_packet(calm->config->story, client->name, false, words);
    client_say(client, words);
    words_free(words);
    mirror_heard(calm->mirror, guest);
}

/* A session expiry; in words for 5.0. */
static uint64_t expiry_choose(struct calm *calm)
{
    static const uint64_t choices[] = {0, 3000, 20000, MIRROR_NEVER};
    return choices[below(calm, sizeof(choices) / sizeof(choices[0]))];
}

static uint32_t expiry_said(uint64_t expiry_ms)
{
    if (expiry_ms == MIRROR_NEVER) return UINT32_MAX;
    return (uint32_t)(expiry_ms / 1000);
}

static void will_choose(struct calm *calm, struct mirror_connect *c,
                        struct words *words)
{
    char text[DUE_PAYLOAD_BYTES];
    if (chance(calm, 1, 2)) return;
    c->will.there = true;
    c->will.message = message_make(calm);
    const struct mirror_message *m = &c->will.message;
    words_text_add(words, "will", bytes_of(mirror_topic(m->topic)));
    words_text_add(words, "will_payload", due_payload(m, text));
    words_number_add(words, "will_qos", m->qos);
    words_number_add(words, "will_retain", m->retain);
    if (c->version < 5) return;
    c->will.delay_s = (uint32_t)below(calm, 6);
    c->will.expiry_s = (uint32_t)below(calm, 2) * 3;
    if (c->will.delay_s > 0) {
        words_number_add(words, "will_delay", c->will.delay_s);
    }
    if (c->will.expiry_s > 0) {
        words_number_add(words, "will_expiry", c->will.expiry_s);
    }
}

/* What only 5.0 can say. */
static void connect_five(struct calm *calm, struct mirror_connect *c,
                         struct words *words)
{
    c->expiry_ms = expiry_choose(calm);
    if (c->expiry_ms > 0) {
        words_number_add(words, "expiry", expiry_said(c->expiry_ms));
    }
    if (chance(calm, 1, 2)) {
        uint32_t receive_max = (uint32_t)(1 + below(calm, 4));
        words_number_add(words, "receive_max", receive_max);
        if (receive_max < c->window_max) c->window_max = receive_max;
    }
    if (chance(calm, 1, 4)) {
        c->small = true;
        words_number_add(words, "max_packet", SMALL_BYTES);
    }
    words_number_add(words, "alias_max", (uint32_t)below(calm, 4));
}

static struct words *connect_choose(struct calm *calm, unsigned guest,
                                    struct mirror_connect *c)
{
    struct words *words = words_new(PACKET_CONNECT);
    c->version = 4 + (unsigned)below(calm, 2);
    c->clean = chance(calm, 1, 3);
    c->window_max = world_options(calm->world)->max_inflight_messages;
    /* Odd: half as much again is no whole second, at which wills and sessions
     * are due, in an order that nobody promises. */
    c->keepalive_s = chance(calm, 1, 5) ? 1 + 2 * (uint32_t)below(calm, 3) : 0;
    words_number_add(words, "v", c->version);
    words_text_add(words, "id", bytes_of(calm->guests[guest].id));
    words_number_add(words, "clean", c->clean);
    words_number_add(words, "keepalive", c->keepalive_s);
    c->expiry_ms = c->clean ? 0 : MIRROR_NEVER;
    if (c->version == 5) connect_five(calm, c, words);
    will_choose(calm, c, words);
    return words;
}

/* The connection that was taken over: told so, and closed. */
static void taken_check(struct calm *calm, unsigned guest, struct client *old)
{
    bool told = old->version < 5;
    struct story *story = calm->config->story;
    (void)client_read(old);
    while (old->first != NULL) {
        struct words *packet = client_take(old, old->first);
        if (packet->type == PACKET_DISCONNECT &&
            words_number(packet, "reason", 0) == 0x8e) {
            told = true;
            story_tell(story, "%s expect disconnect 0x8e", old->name);
        } else if (calm_wrong(calm, guest, "a late packet for whom it was",
                              packet)) {
            story_claim(story, "%s expect close\n", old->name);
        }
        words_free(packet);
    }
    if (!told && calm_wrong(calm, guest, "nobody told it of its heir", NULL)) {
        story_claim(story, "%s expect disconnect 0x8e\n", old->name);
    }
    if (client_connected(old) &&
        calm_wrong(calm, guest, "two connections for one id", NULL)) {
        story_claim(story, "%s expect close\n", old->name);
    }
    story_tell(story, "%s expect close", old->name);
    client_hang_up(old, true);
}

/* What the client has received before, on whatever connection, and may get
 * again. What is too large for this one counts as acknowledged. */
static void flight_set(struct client *client, const struct mirror_guest *g)
{
    memset(client->flight, FLIGHT_NONE, IDS);
    for (unsigned i = 0; i < g->due_count; i++) {
        const struct mirror_due *due = &g->dues[i];
        if (due->pid == 0 || (g->small && due->message.large)) continue;
        enum flight flight = due->qos == 1 ? FLIGHT_PUBACK : FLIGHT_PUBREC;
        if (due->state == MIRROR_RECEIVED) flight = FLIGHT_PUBCOMP;
        client->flight[due->pid] = (uint8_t)flight;
    }
}

static void guest_connect(struct calm *calm, unsigned guest)
{
    struct guest *g = &calm->guests[guest];
    struct client *old = client_of(calm, guest);
    struct mirror_connect c = {0};
    struct words *words = connect_choose(calm, guest, &c);
    g->current = 1 - g->current;
    struct client *client = client_of(calm, guest);
    memset(g->aliases, 0, sizeof(g->aliases));
    story_tell(calm->config->story, "%s acks=0", client->name);
    story_packet(calm->config->story, client->name, false, words);
    client_open(client, c.version);
    client_connect(client, words);
    words_free(words);
    bool taken = mirror_connect(calm->mirror, guest, &c);
    flight_set(client, &calm->mirror->guests[guest]);
    calm_check(calm);
    if (taken && calm->error[0] == 0) taken_check(calm, guest, old);
}

static void guest_leave(struct calm *calm, unsigned guest)
{
    struct client *client = client_of(calm, guest);
    struct mirror_guest *m = &calm->mirror->guests[guest];
    uint64_t way = below(calm, 5);
    bool lost = way > 1;
    if (way < 3) {
        struct words *words = words_new(PACKET_DISCONNECT);
        if (way == 2 && m->version == 5) {
            words_number_add(words, "reason", 4);
        } else {
            lost = false;
        }
        if (way == 1 && m->version == 5 && m->expiry_ms > 0) {
            m->expiry_ms = expiry_choose(calm);
            words_number_add(words, "reason", 0);
            words_number_add(words, "expiry", expiry_said(m->expiry_ms));
        }
        story_packet(calm->config->story, client->name, false, words);
        client_say(client, words);
        words_free(words);
    }
    story_tell(calm->config->story, "%s %s", way == 4 ? "cut" : "close",
               client->name);
    client_hang_up(client, way == 4);
    mirror_leave(calm->mirror, guest, lost);
}

/* One filter for a SUBSCRIBE. */
static void filter_choose(struct calm *calm, unsigned guest, unsigned filter,
                          uint32_t id, struct words *words)
{
    struct mirror_guest *m = &calm->mirror->guests[guest];
    bool roomy = mirror_roomy(calm->mirror, guest);
    struct mirror_subscription s = {.on = true, .id = id};
    unsigned handling = 0;
    s.qos = (uint8_t)below(calm, 3);
    words_text_add(words, "filter", bytes_of(mirror_filter(filter)));
    words_number_add(words, "qos", s.qos);
    if (m->version == 5) {
        s.no_local = chance(calm, 1, 4);
        s.as_published = chance(calm, 1, 2);
        handling = roomy ? (unsigned)below(calm, 3) : 2;
        words_number_add(words, "nl", s.no_local);
        words_number_add(words, "rap", s.as_published);
        words_number_add(words, "rh", handling);
    }
    mirror_subscribe(calm->mirror, guest, filter, s, handling);
}

static void guest_subscribe(struct calm *calm, unsigned guest)
{
    struct mirror_guest *m = &calm->mirror->guests[guest];
    uint8_t codes[2];
    if (m->version < 5 && !mirror_roomy(calm->mirror, guest)) return;
    uint16_t pid = client_pid(client_of(calm, guest));
    uint32_t id = m->version == 5 ? (uint32_t)below(calm, 4) : 0;
    struct words *words = words_new(PACKET_SUBSCRIBE);
    words_number_add(words, "pid", pid);
    if (id > 0) words_number_add(words, "id", id);
    unsigned count = 1 + (unsigned)below(calm, 2);
    unsigned first = (unsigned)below(calm, MIRROR_FILTERS);
    for (unsigned i = 0; i < count; i++) {
        unsigned filter = (first + 5 * i) % MIRROR_FILTERS;
        filter_choose(calm, guest, filter, id, words);
        codes[i] = m->subscriptions[filter].qos;
    }
    mirror_subscribed(calm->mirror, guest, pid, codes, count);
    guest_say(calm, guest, words);
}

static void guest_unsubscribe(struct calm *calm, unsigned guest)
{
    uint16_t pid = client_pid(client_of(calm, guest));
    unsigned filter = (unsigned)below(calm, MIRROR_FILTERS);
    struct words *words = words_new(PACKET_UNSUBSCRIBE);
    words_number_add(words, "pid", pid);
    words_text_add(words, "filter", bytes_of(mirror_filter(filter)));
    mirror_unsubscribe(calm->mirror, guest, filter, pid);
    guest_say(calm, guest, words);
}

/* A packet id that is neither 0 nor in use. */
static uint16_t pid_choose(struct calm *calm, unsigned guest)
{
    const struct mirror_guest *m = &calm->mirror->guests[guest];
    for (;;) {
        uint16_t pid = client_pid(client_of(calm, guest));
        bool used = false;
        for (unsigned i = 0; i < m->received_count; i++)
            used = used || m->received[i] == pid;
        if (!used) return pid;
    }
}

/* Maybe say the topic with an alias, or by it alone. */
static void alias_choose(struct calm *calm, unsigned guest, unsigned topic,
                         struct words *words)
{
    struct guest *g = &calm->guests[guest];
    unsigned alias = (unsigned)below(calm, ALIASES);
    bool known = g->aliases[alias] == topic + 1;
    words_text_add(words, "topic", bytes_of(known ? "" : mirror_topic(topic)));
    words_number_add(words, "alias", alias + 1);
    g->aliases[alias] = topic + 1;
}

static void publish_say(struct calm *calm, unsigned guest,
                        struct mirror_message *m, uint16_t pid, bool dup)
{
    char text[DUE_PAYLOAD_BYTES];
    bool five = calm->mirror->guests[guest].version == 5;
    struct words *words = words_new(PACKET_PUBLISH);
    if (five && chance(calm, 1, 4)) {
        alias_choose(calm, guest, m->topic, words);
    } else {
        words_text_add(words, "topic", bytes_of(mirror_topic(m->topic)));
    }
    words_text_add(words, "payload", due_payload(m, text));
    words_number_add(words, "qos", m->qos);
    words_number_add(words, "dup", dup);
    words_number_add(words, "retain", m->retain);
    if (m->qos > 0) words_number_add(words, "pid", pid);
    if (five && chance(calm, 1, 4)) {
        uint32_t expiry_s = (uint32_t)(1 + below(calm, 8));
        words_number_add(words, "expiry", expiry_s);
        m->expires_ms = calm->mirror->now_ms + expiry_s * 1000ull;
    }
    guest_say(calm, guest, words);
}

static void guest_publish(struct calm *calm, unsigned guest)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    struct mirror_message m = message_make(calm);
    uint16_t pid = 0;
    bool dup = false;
    if (m.qos == 2 && g->received_count >= OPEN_MAX) return;
    if (m.qos > 0) pid = pid_choose(calm, guest);
    if (m.qos == 2 && g->received_count > 0 && chance(calm, 1, 3)) {
        pid = g->received[below(calm, g->received_count)];
        dup = true;
        if (!calm->guests[guest].repeatable[pid]) return;
    }
    if (m.qos == 2) calm->guests[guest].repeatable[pid] = true;
    publish_say(calm, guest, &m, pid, dup);
    mirror_publish(calm->mirror, guest, &m, pid);
}

static void ack_say(struct calm *calm, unsigned guest, enum packet_type type,
                    uint16_t pid, uint8_t reason)
{
    struct words *words = words_new(type);
    words_number_add(words, "pid", pid);
    if (reason != 0) words_number_add(words, "reason", reason);
    guest_say(calm, guest, words);
}

static void guest_pubrel(struct calm *calm, unsigned guest)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    uint16_t pid = 60000; /* nobody's */
    if (g->received_count > 0) {
        pid = g->received[below(calm, g->received_count)];
    } else if (chance(calm, 9, 10)) {
        return;
    }
    ack_say(calm, guest, PACKET_PUBREL, pid, 0);
    mirror_pubrel(calm->mirror, guest, pid);
}

/* Acknowledge any one that is in the window. */
static void guest_acknowledge(struct calm *calm, unsigned guest)
{
    struct mirror_guest *g = &calm->mirror->guests[guest];
    unsigned window = 0;
    while (window < g->due_count && g->dues[window].in_window)
        window += 1;
    if (window == 0) return;
    const struct mirror_due *due = &g->dues[below(calm, window)];
    bool refuse =
        g->version == 5 && chance(calm, 1, 6) && due->state == MIRROR_SENT;
    enum packet_type type = PACKET_PUBACK;
    if (due->qos == 2) {
        type = due->state == MIRROR_SENT ? PACKET_PUBREC : PACKET_PUBCOMP;
    }
    ack_say(calm, guest, type, due->pid, refuse ? 0x80 : 0);
    mirror_acknowledge(calm->mirror, guest, due->serial, refuse);
}

static void guest_ping(struct calm *calm, unsigned guest)
{
    guest_say(calm, guest, words_new(PACKET_PINGREQ));
    mirror_answer(calm->mirror, guest, PACKET_PINGRESP, 0, 0);
}

/* Say more than the broker wants to hear at once. [MQTT-3.2.2-15] */
static void guest_exceed(struct calm *calm, unsigned guest)
{
    char text[PACKET_LARGER];
    memset(text, 'x', sizeof(text));
    struct words *words = words_new(PACKET_PUBLISH);
    words_text_add(words, "topic", bytes_of(mirror_topic(0)));
    words_text_add(words, "payload", bytes_at(text, sizeof(text)));
    guest_say(calm, guest, words);
    mirror_end(calm->mirror, guest, 0x95);
}

/* --- the life ------------------------------------------------------------- */

static void guest_act(struct calm *calm, unsigned guest)
{
    bool here = calm->mirror->guests[guest].here;
    uint64_t what = below(calm, 100);
    if (!here || what < 3) {
        if (here || chance(calm, 1, 2)) guest_connect(calm, guest);
    } else if (what < 35) {
        guest_publish(calm, guest);
    } else if (what < 60) {
        guest_acknowledge(calm, guest);
    } else if (what < 72) {
        guest_subscribe(calm, guest);
    } else if (what < 77) {
        guest_unsubscribe(calm, guest);
    } else if (what < 87) {
        guest_pubrel(calm, guest);
    } else if (what < 95) {
        guest_leave(calm, guest);
    } else if (what < 99) {
        guest_ping(calm, guest);
    } else {
        guest_exceed(calm, guest);
    }
}

static void calm_crash(struct calm *calm)
{
    if (mirror_crash_ambiguous(calm->mirror)) return;
    uint16_t shards = (uint16_t)(1 + below(calm, LIFE_SHARDS_MAX));
    if (calm->config->shards == 0) calm->shards = shards;
    story_tell(calm->config->story, "crash 0 %u", calm->shards);
    world_crash(calm->world, 0);
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        client_hang_up(client_of(calm, i), true);
        memset(calm->guests[i].repeatable, 0, IDS);
    }
    world_restart(calm->world, calm->shards);
    mirror_crash(calm->mirror);
}

/* Time passes; or it jumps, and what was due meanwhile is late. */
static void calm_pause(struct calm *calm)
{
    uint64_t pause = chance(calm, 1, 12) ? below(calm, 4000) : 0;
    uint64_t ms = 1 + below(calm, PAUSE_MS) + pause;
    /* Not by whole seconds: nothing may fall due together with another. */
    uint64_t jump = ms * 100 + below(calm, 1000);
    if (chance(calm, 1, 40) && mirror_jump(calm->mirror, jump)) {
        story_tell(calm->config->story, "jump %" PRIu64 "ms", jump);
        world_jump(calm->world, jump);
        ms = 1; /* nor is what was late at once with what comes next */
    }
    story_wait(calm->config->story, ms);
    world_wait(calm->world, ms);
    mirror_wait(calm->mirror, ms);
    calm_check(calm);
}

static void calm_step(struct calm *calm)
{
    if (calm_part(calm, PART_PAUSE)) calm_pause(calm);
    if (calm->error[0] != 0) return;
    if (calm_part(calm, PART_DISK) && chance(calm, 1, 80)) {
        calm_crash(calm);
        calm_check(calm);
    }
    if (calm->error[0] != 0 || !calm_part(calm, PART_ACT)) return;
    guest_act(calm, (unsigned)below(calm, MIRROR_GUESTS));
    calm_check(calm);
}

static void options_choose(struct calm *calm, struct options *o)
{
    options_init(o);
    o->receive_maximum = (uint16_t)(1 + below(calm, 6));
    o->max_inflight_messages =
        (uint16_t)(chance(calm, 1, 3) ? 1 + below(calm, 5) : 30);
    o->max_queued_messages =
        (uint32_t)(chance(calm, 1, 2) ? 1 + below(calm, 6) : 0);
    o->queue_overflow = chance(calm, 1, 2) ? OVERFLOW_OLDEST : OVERFLOW_NEWEST;
    o->upgrade_outgoing_qos = chance(calm, 1, 8);
    o->persistence = chance(calm, 2, 3);
    o->queue_memory_messages = (uint32_t)(1 + below(calm, 4));
    o->sys_interval_s = 0;
    o->max_packet_size = PACKET_MAX;
}

static void world_tell(const struct calm *calm,
                       const struct world_config *config)
{
    const struct options *o = &config->options;
    struct story *story = calm->config->story;
    story_tell(story, "# shards: %u\n# seed: %" PRIu64, config->shards,
               config->seed);
    if (config->chaos) story_detail(story, "# chaos: 1");
    story_tell(
        story,
        "options receive_maximum=%u max_inflight_messages=%u "
        "max_queued_messages=%u queue_overflow=%s%s%s max_packet_size=%u",
        o->receive_maximum, o->max_inflight_messages, o->max_queued_messages,
        o->queue_overflow == OVERFLOW_OLDEST ? "oldest" : "newest",
        o->upgrade_outgoing_qos ? " upgrade_outgoing_qos=1" : "",
        o->persistence ? " persistence=1" : "", o->max_packet_size);
}

static void calm_begin(struct calm *calm)
{
    calm->step = ACTS_SETUP;
    (void)calm_part(calm, PART_ACT);
    calm->shards = calm->config->shards;
    uint16_t shards = (uint16_t)(1 + below(calm, LIFE_SHARDS_MAX));
    if (calm->shards == 0) calm->shards = shards;
    struct world_config config = {.shards = calm->shards,
                                  .seed = calm->config->seed,
                                  .trace = calm->config->trace,
                                  .chaos = !calm->config->plain};
    options_choose(calm, &config.options);
    world_tell(calm, &config);
    calm->world = world_new(&config);
    calm->mirror =
        mirror_new(world_options(calm->world), world_now(calm->world));
    world_settle(calm->world);
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        char name[24];
        struct guest *g = &calm->guests[i];
        snprintf(g->id, sizeof(g->id), "guest%u", i);
        for (unsigned k = 0; k < 2; k++) {
            snprintf(name, sizeof(name), "%s%s", g->id, k == 0 ? "" : "b");
            g->clients[k] = client_new(calm->world, name);
            g->clients[k]->acks = false;
        }
        g->repeatable = words_memory(NULL, IDS);
        memset(g->repeatable, 0, IDS);
    }
    calm->step = 0;
}

static void calm_free(struct calm *calm)
{
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        client_free(calm->guests[i].clients[0]);
        client_free(calm->guests[i].clients[1]);
        free(calm->guests[i].repeatable);
    }
    mirror_free(calm->mirror);
    world_free(calm->world);
}

void calm_live(const struct random_config *config, struct random_end *end)
{
    struct calm calm = {.config = config};
    calm_begin(&calm);
    while (calm.step < config->steps && calm.error[0] == 0) {
        calm_step(&calm);
        calm.step += 1;
    }
    *end = (struct random_end){.well = calm.error[0] == 0, .step = calm.step};
    snprintf(end->words, sizeof(end->words),
             "calm, %s, %u shards, %u messages, %u packets",
             world_options(calm.world)->persistence ? "disk" : "no disk",
             calm.shards, calm.number, calm.packets);
    memcpy(end->error, calm.error, sizeof(end->error));
    calm_free(&calm);
}
