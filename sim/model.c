/* model.c - who published what, who wanted it, who got it. */
#include "sim/model.h"

#include "sim/words_codec.h"
#include "wire/topic.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const topics[MODEL_TOPICS] = {
    "a",  "a/b",   "a/c",  "a/b/c", "b",      "b/x",   "b//",
    "/b", "c/d/e", "sh/a", "sh/b",  "sh/b/c", "$sh/a", "$sh/b"};

static const char *const filters[MODEL_FILTERS] = {
    "a", "a/+",   "a/#", "+/b",           "b/#",           "+",
    "#", "c/d/e", "/+",  "$share/g/sh/#", "$share/h/$sh/#"};

enum { QOS_COUNT = 3, MODEL_NAMES_MAX = MODEL_ACTORS_MAX * 24 };

/* What is known of an actor's copies of one message: their number, whether one
 * of them came at QoS 2, and whether the actor has forgotten them since. */
enum { COPIES = 0x3f, FORGOTTEN = 0x40, DELIVERED_ONCE = 0x80 };

struct message {
    unsigned publisher;
    unsigned topic;
    unsigned qos;
    unsigned bulk;
    uint32_t sends;
    uint64_t sent_at; /* the time that counts events */
    bool completed;
    bool refused;            /* when it was sent for the only time */
    uint64_t crashes_before; /* crashes before it was sent */
    uint64_t ends_before;    /* ends of members before it was sent */
    uint32_t shared_copies;  /* in all of the group */
    uint32_t returns;        /* to it, by who had heard a copy */
};

struct wish {
    bool ever; /* it was asked for at some time, */
    bool sure; /* and is sure to be there now, */
    unsigned qos;
    uint64_t since; /* since then */
    unsigned most;  /* the highest QoS that was ever asked for */
};

struct receiver {
    struct wish wishes[MODEL_FILTERS];
    uint64_t crashes; /* that have cost it its session, if any did */
    uint64_t broken;  /* the last crash that took one nobody had promised it */
    uint8_t *copies;  /* by message; first ones */
    size_t copies_capacity;
    /* The last message in order, by publisher, topic, QoS as published and as
     * delivered; plus 1. */
    uint32_t last[MODEL_ACTORS_MAX][MODEL_TOPICS][QOS_COUNT][QOS_COUNT];
    /* Heard as a member on this connection, at QoS 1. */
    uint32_t *heard;
    size_t heard_count, heard_capacity;
};

struct model {
    struct message *messages;
    uint32_t count, capacity;
    uint64_t now; /* counts events */
    uint64_t copies;
    uint64_t ends; /* of memberships */
    uint64_t crashes;
    bool scarce; /* there may be no room for a message */
    struct receiver receivers[MODEL_ACTORS_MAX];
    char error[MODEL_ERROR_MAX + 1];
    char claim[MODEL_CLAIM_MAX + 1];
};

/* A promise is broken. Returns whether it is the first: then say with `claim`
 * what should be. */
__attribute__((format(printf, 2, 3))) static bool wrong(struct model *model,
                                                        const char *format, ...)
{
    if (model->error[0] != 0) return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->error, sizeof(model->error), format, arguments);
    va_end(arguments);
    return true;
}

__attribute__((format(printf, 2, 3))) static void claim(struct model *model,
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->claim, sizeof(model->claim), format, arguments);
    va_end(arguments);
}

/* "TOPIC" "PAYLOAD", as plays write it; until the next call. */
static const char *shown(const struct model *model, uint32_t number)
{
    static char text[MODEL_PAYLOAD_MAX + 64];
    char payload[MODEL_PAYLOAD_MAX];
    model_payload(model, number, payload);
    snprintf(text, sizeof(text), "\"%s\" \"%s\"",
             topics[model->messages[number].topic], payload);
    return text;
}

const char *model_topic(unsigned topic)
{
    assert(topic < MODEL_TOPICS);
    return topics[topic];
}

const char *model_filter(unsigned filter)
{
    assert(filter < MODEL_FILTERS);
    return filters[filter];
}

struct model *model_new(void)
{
    struct model *model = calloc(1, sizeof(*model));
    if (model == NULL) abort();
    return model;
}

void model_free(struct model *model)
{
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        free(model->receivers[i].copies);
        free(model->receivers[i].heard);
    }
    free(model->messages);
    free(model);
}

const char *model_error(const struct model *model)
{
    return model->error;
}

const char *model_claim(const struct model *model)
{
    return model->claim;
}

void model_payload(const struct model *model, uint32_t message,
                   char payload[MODEL_PAYLOAD_MAX])
{
    int size = snprintf(payload, MODEL_PAYLOAD_MAX, "m%" PRIu32, message);
    bool known = message < model->count;
    unsigned bulk = known ? model->messages[message].bulk : 0;
    memset(payload + size, '.', bulk);
    payload[(unsigned)size + bulk] = 0;
}

uint32_t model_publish(struct model *model, unsigned actor, unsigned topic,
                       unsigned qos, unsigned bulk)
{
    assert(bulk <= MODEL_BULK_MAX);
    if (model->count == model->capacity) {
        model->capacity = model->capacity * 2 + 64;
        model->messages = words_memory(
            model->messages, model->capacity * sizeof(model->messages[0]));
    }
    uint32_t number = model->count++;
    model->messages[number] = (struct message){.publisher = actor,
                                               .topic = topic,
                                               .qos = qos,
                                               .bulk = bulk,
                                               .sends = 1,
                                               .sent_at = ++model->now,
                                               .crashes_before = model->crashes,
                                               .ends_before = model->ends};
    return number;
}

unsigned model_qos(const struct model *model, uint32_t message)
{
    return model->messages[message].qos;
}

unsigned model_topic_of(const struct model *model, uint32_t message)
{
    return model->messages[message].topic;
}

void model_again(struct model *model, uint32_t message)
{
    model->messages[message].sends += 1;
}

void model_completed(struct model *model, uint32_t message)
{
    model->now += 1;
    model->messages[message].completed = true;
}

void model_refused(struct model *model, uint32_t message)
{
    struct message *m = &model->messages[message];
    m->refused = m->sends == 1;
}

void model_subscribing(struct model *model, unsigned actor, unsigned filter,
                       unsigned qos)
{
    struct wish *wish = &model->receivers[actor].wishes[filter];
    if (!wish->ever || qos > wish->most) wish->most = qos;
    wish->ever = true;
    wish->sure = false;
}

bool model_is_subscribed(const struct model *model, unsigned actor,
                         unsigned filter)
{
    return model->receivers[actor].wishes[filter].sure;
}

void model_subscribed(struct model *model, unsigned actor, unsigned filter,
                      unsigned qos)
{
    struct wish *wish = &model->receivers[actor].wishes[filter];
    assert(wish->ever && qos <= wish->most);
    wish->sure = true;
    wish->qos = qos;
    wish->since = ++model->now;
}

void model_unsubscribed(struct model *model, unsigned actor, unsigned filter)
{
    model->receivers[actor].wishes[filter].sure = false;
    if (filter >= MODEL_SHARED) model->ends += 1;
}

/* A session that a crash ended takes along what it had received at QoS 2, and
 * what nobody was promised yet may come to the next one. */
static void receiver_forget(struct model *model, struct receiver *r)
{
    if (r->crashes == model->crashes) return;
    r->crashes = model->crashes;
    for (uint32_t i = 0; i < model->count && i < r->copies_capacity; i++) {
        if (!model->messages[i].completed) r->copies[i] &= COPIES;
    }
}

void model_session_lost(struct model *model, unsigned actor)
{
    struct receiver *r = &model->receivers[actor];
    for (unsigned i = 0; i < MODEL_FILTERS; i++) {
        r->wishes[i].sure = false;
        if (i >= MODEL_SHARED && r->wishes[i].ever) model->ends += 1;
    }
    receiver_forget(model, r);
}

void model_session_ended(struct model *model, unsigned actor)
{
    struct receiver *r = &model->receivers[actor];
    for (size_t i = 0; i < r->copies_capacity; i++) {
        if (r->copies[i] > 0) r->copies[i] = FORGOTTEN | 1;
    }
    model_session_lost(model, actor);
}

/* What came below QoS 2 just before a crash may have been undone by it: then it
 * comes again, behind what its publisher sent before. */
static void order_forget(struct receiver *r)
{
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        for (unsigned k = 0; k < MODEL_TOPICS * QOS_COUNT; k++) {
            uint32_t *last = r->last[i][k / QOS_COUNT][k % QOS_COUNT];
            last[0] = 0;
            last[1] = 0;
        }
    }
}

void model_crashed(struct model *model)
{
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        order_forget(&model->receivers[i]);
    }
    model->crashes += 1;
}

void model_short(struct model *model)
{
    model->scarce = true;
}

void model_actor_left(struct model *model, unsigned actor)
{
    struct receiver *r = &model->receivers[actor];
    for (size_t i = 0; i < r->heard_count; i++)
        model->messages[r->heard[i]].returns += 1;
    r->heard_count = 0;
}

static void heard_add(struct receiver *r, uint32_t number)
{
    if (r->heard_count == r->heard_capacity) {
        r->heard_capacity = r->heard_capacity * 2 + 16;
        r->heard =
            words_memory(r->heard, r->heard_capacity * sizeof(r->heard[0]));
    }
    r->heard[r->heard_count++] = number;
}

static struct bytes filter_plain(unsigned filter)
{
    struct bytes text = bytes_of(filters[filter]);
    bool shared = filter >= MODEL_SHARED;
    return shared ? bytes_skip(text, strlen("$share/g/")) : text;
}

static bool wants(unsigned filter, unsigned topic)
{
    struct bytes plain = filter_plain(filter);
    bool hidden = topics[topic][0] == '$' && plain.data[0] != '$';
    return !hidden && topic_matches(plain, bytes_of(topics[topic]));
}

static uint8_t *copies_of(struct receiver *r, uint32_t message)
{
    if (message >= r->copies_capacity) {
        size_t capacity = (size_t)message * 2 + 64;
        r->copies = words_memory(r->copies, capacity);
        memset(r->copies + r->copies_capacity, 0,
               capacity - r->copies_capacity);
        r->copies_capacity = capacity;
    }
    return &r->copies[message];
}

/* Which message a payload means; false: none that was ever published. */
static bool payload_read(const struct model *model, struct bytes payload,
                         uint32_t *number)
{
    char text[MODEL_PAYLOAD_MAX + 1] = {0}, whole[MODEL_PAYLOAD_MAX];
    if (payload.size < 2 || payload.size > MODEL_PAYLOAD_MAX) return false;
    memcpy(text, payload.data, payload.size);
    if (text[0] != 'm') return false;
    unsigned long value = strtoul(text + 1, NULL, 10);
    if (value >= model->count) return false;
    *number = (uint32_t)value;
    model_payload(model, *number, whole);
    return strcmp(text, whole) == 0;
}

/* Did the actor ever ask for this topic: by itself, or as a member? Returns the
 * highest QoS that it asked for. */
static unsigned wishes_for(const struct receiver *r, unsigned topic,
                           bool *plain, bool *shared)
{
    unsigned most = 0;
    *plain = false;
    *shared = false;
    for (unsigned i = 0; i < MODEL_FILTERS; i++) {
        if (!r->wishes[i].ever || !wants(i, topic)) continue;
        if (r->wishes[i].most > most) most = r->wishes[i].most;
        if (i >= MODEL_SHARED) {
            *shared = true;
        } else {
            *plain = true;
        }
    }
    return most;
}

void model_session_broken(struct model *model, unsigned actor)
{
    struct receiver *r = &model->receivers[actor];
    r->broken = model->crashes + 1;
    for (uint32_t i = 0; i < model->count && i < r->copies_capacity; i++) {
        bool plain, shared;
        wishes_for(r, model->messages[i].topic, &plain, &shared);
        if (shared) r->copies[i] &= (uint8_t)~DELIVERED_ONCE;
    }
}

/* Who ever was a member for this topic: both names of each. */
static const char *members(const struct model *model, unsigned topic,
                           char names[MODEL_NAMES_MAX])
{
    size_t used = 0;
    names[0] = 0;
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        bool plain, shared;
        (void)wishes_for(&model->receivers[i], topic, &plain, &shared);
        if (!shared) continue;
        used += (size_t)snprintf(names + used, MODEL_NAMES_MAX - used,
                                 " actor%u actor%ub", i, i);
    }
    return names;
}

/* A second copy at QoS 2 in one session? */
static void check_once(struct model *model, unsigned actor, uint32_t number)
{
    uint8_t *copies = copies_of(&model->receivers[actor], number);
    if ((*copies & DELIVERED_ONCE) != 0 &&
        wrong(model, "actor %u has m%u twice at QoS 2", actor, number)) {
        claim(model, "all actor%u actor%ub saw at_most 1 publish %s qos=2\n",
              actor, actor, shown(model, number));
    }
    *copies |= DELIVERED_ONCE;
}

/* A second copy at QoS 2 in one group, whoever has the first one? */
static void check_group_once(struct model *model, unsigned actor,
                             uint32_t number)
{
    const struct message *m = &model->messages[number];
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        struct receiver *r = &model->receivers[i];
        bool plain, shared;
        wishes_for(r, m->topic, &plain, &shared);
        if (plain || !shared) continue;
        if ((*copies_of(r, number) & DELIVERED_ONCE) == 0) continue;
        if (!wrong(model,
                   "m%u on %s: actors %u and %u of a group have it at "
                   "QoS 2",
                   number, topics[m->topic], i, actor)) {
            continue;
        }
        char names[MODEL_NAMES_MAX];
        claim(model, "all%s saw at_most 1 publish %s qos=2\n",
              members(model, m->topic, names), shown(model, number));
    }
    *copies_of(&model->receivers[actor], number) |= DELIVERED_ONCE;
}

/* More copies than the message was sent, and than members could cause? What is
 * delivered below QoS 2 may have left just before a crash that undid it. */
static void check_group(struct model *model, uint32_t number, uint64_t most)
{
    struct message *m = &model->messages[number];
    m->shared_copies += 1;
    if (m->shared_copies <= most || model->scarce) return;
    if (wrong(model, "m%u on %s: %u copies in the group, at most %" PRIu64,
              number, topics[m->topic], m->shared_copies, most)) {
        char names[MODEL_NAMES_MAX];
        claim(model, "all%s saw at_most %" PRIu64 " publish %s\n",
              members(model, m->topic, names), most, shown(model, number));
    }
}

static void check_count(struct model *model, unsigned actor, uint32_t number,
                        unsigned qos, bool shared)
{
    const struct message *m = &model->messages[number];
    uint8_t *copies = copies_of(&model->receivers[actor], number);
    if ((*copies & FORGOTTEN) != 0) *copies = 0;
    if ((*copies & COPIES) < COPIES) *copies += 1;
    uint64_t most = m->qos == 2 ? 1 : m->sends;
    most *= 1 + model->crashes - m->crashes_before;
    if (qos == 2 && m->qos == 2 && !shared) check_once(model, actor, number);
    if (qos == 2 && m->qos == 2 && shared) {
        check_group_once(model, actor, number);
    }
    if (shared) {
        check_group(model, number, most + m->returns);
        return;
    }
    if ((*copies & COPIES) > most &&
        wrong(model, "actor %u has %u copies of m%u (QoS %u, sent %u times)",
              actor, *copies & COPIES, number, m->qos, m->sends)) {
        claim(model,
              "all actor%u actor%ub saw at_most %" PRIu64 " publish %s\n",
              actor, actor, most, shown(model, number));
    }
}

/* A QoS 1 message that its publisher sent again is a new one to the broker, and
 * comes behind what was sent in between; so does a QoS 2 message for those whom
 * a crash kept from it. */
static void check_order(struct model *model, unsigned actor, uint32_t number,
                        unsigned qos)
{
    const struct message *m = &model->messages[number];
    struct receiver *r = &model->receivers[actor];
    uint32_t *last = &r->last[m->publisher][m->topic][m->qos][qos];
    bool anew = m->qos < 2 || model->scarce;
    bool crashed = model->crashes > m->crashes_before;
    if (m->sends > 1 && (anew || crashed)) return;
    if (number + 1 < *last &&
        wrong(model, "actor %u gets m%u of actor %u on %s, QoS %u, after m%u",
              actor, number, m->publisher, topics[m->topic], qos, *last - 1)) {
        claim(model, "actor%u saw next publish %s\n", actor,
              shown(model, number));
        size_t used = strlen(model->claim);
        snprintf(model->claim + used, sizeof(model->claim) - used,
                 "actor%u saw next publish %s\n", actor,
                 shown(model, *last - 1));
    }
    *last = number + 1;
}

void model_received(struct model *model, unsigned actor, struct bytes topic,
                    struct bytes payload, unsigned qos, bool first)
{
    uint32_t number;
    struct receiver *r = &model->receivers[actor];
    model->copies += 1;
    if (!payload_read(model, payload, &number)) {
        (void)wrong(model, "actor %u gets a payload that nobody sent", actor);
        return;
    }
    const struct message *m = &model->messages[number];
    if (!bytes_equal(topic, bytes_of(topics[m->topic]))) {
        if (wrong(model, "actor %u gets m%u on another topic", actor, number)) {
            claim(model, "actor%u saw publish %s\n", actor,
                  shown(model, number));
        }
        return;
    }
    if (m->refused &&
        wrong(model, "actor %u gets m%u, which was refused", actor, number)) {
        claim(model, "actor%u saw at_most 0 publish %s\n", actor,
              shown(model, number));
    }
    bool plain, shared;
    unsigned most = wishes_for(r, m->topic, &plain, &shared);
    if (!plain && !shared) {
        if (wrong(model, "actor %u gets m%u on %s and never asked for it",
                  actor, number, topics[m->topic])) {
            claim(model, "actor%u saw at_most 0 publish %s\n", actor,
                  shown(model, number));
        }
        return;
    }
    if (most > m->qos) most = m->qos;
    if (qos > most && wrong(model, "actor %u gets m%u at QoS %u, not %u", actor,
                            number, qos, most)) {
        claim(model, "actor%u saw at_most 0 publish %s qos=%u\n", actor,
              shown(model, number), qos);
    }
    bool known = *copies_of(r, number) > 0;
    /* Who is both a subscriber and a member gets it twice and cannot tell
     * which is which. */
    if (plain && shared) {
        *copies_of(r, number) = 1;
        return;
    }
    if (shared && qos == 1) heard_add(r, number);
    if (first) check_count(model, actor, number, qos, shared);
    if (!first && !known) *copies_of(r, number) = 1;
    if (!known && !shared) check_order(model, actor, number, qos);
}

static void check_missing(struct model *model, unsigned actor, uint32_t number)
{
    const struct message *m = &model->messages[number];
    struct receiver *r = &model->receivers[actor];
    for (unsigned i = 0; i < MODEL_SHARED; i++) {
        const struct wish *wish = &r->wishes[i];
        if (!wish->sure || wish->qos == 0 || wish->since > m->sent_at) continue;
        if (!wants(i, m->topic) || *copies_of(r, number) > 0) continue;
        if (wrong(model, "actor %u misses m%u on %s (QoS %u), subscribed to %s",
                  actor, number, topics[m->topic], m->qos, filters[i])) {
            claim(model, "all actor%u actor%ub saw publish %s\n", actor, actor,
                  shown(model, number));
        }
    }
}

/* A member that was there all the time makes sure that somebody got it; also
 * when others left, unless one of them ended and took QoS 2 with it
 * [MQTT-4.8.2-5], or a crash did. */
static void check_shared_missing(struct model *model, unsigned filter,
                                 uint32_t number)
{
    const struct message *m = &model->messages[number];
    bool sure = false, got = false, broken = false;
    if (!wants(filter, m->topic)) return;
    for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
        struct receiver *r = &model->receivers[i];
        const struct wish *wish = &r->wishes[filter];
        sure =
            sure || (wish->sure && wish->qos > 0 && wish->since < m->sent_at);
        got = got || (wish->ever && *copies_of(r, number) > 0);
        broken = broken || (wish->ever && r->broken > m->crashes_before);
    }
    bool steady = !broken && (m->qos == 1 || model->ends == m->ends_before);
    if (sure && steady && !got &&
        wrong(model, "nobody of the group has m%u on %s", number,
              topics[m->topic])) {
        char names[MODEL_NAMES_MAX];
        claim(model, "all%s saw publish %s\n", members(model, m->topic, names),
              shown(model, number));
    }
}

void model_end(struct model *model)
{
    for (uint32_t number = 0; number < model->count; number++) {
        const struct message *m = &model->messages[number];
        if (m->qos == 0 || !m->completed) continue;
        for (unsigned i = 0; i < MODEL_ACTORS_MAX; i++) {
            check_missing(model, i, number);
        }
        for (unsigned i = MODEL_SHARED; i < MODEL_FILTERS; i++) {
            check_shared_missing(model, i, number);
        }
    }
}

uint32_t model_message_count(const struct model *model)
{
    return model->count;
}

uint64_t model_copy_count(const struct model *model)
{
    return model->copies;
}
