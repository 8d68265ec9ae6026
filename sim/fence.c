/* fence.c - guests that may not do everything, and what they see of it. */
#include "sim/fence.h"

#include "core/bounds.h"
#include "sim/client.h"
#include "sim/law.h"
#include "sim/words_codec.h"
#include "wire/topic.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    GUESTS = 4,
    CALLERS = 2 * GUESTS, /* two for each id: one may take the other's place */
    FILTERS = 9,
    RECEIVE_MAX = 1000,
    RULES_BYTES = 2048, /* of an access list in words */
    OPEN = -1           /* the end of a time that is not over */
};

static const char *const filters[FILTERS] = {
    "#", "a/#", "a/b", "+", "b", "u/+", "c/#", "$share/g/#", "$x/#"};

/* Whoever is at one cable. */
struct caller {
    struct client *client;
    unsigned guest;
    unsigned version;
    bool persistent;
    struct law_who who;    /* as it was let in, or will be */
    struct law_who before; /* before it proved itself again */
    bool two;              /* `before` may still hold */
    bool granted;          /* ACCEPT is on its way, or came */
    bool in;               /* CONNACK came */
    bool again;            /* it proves itself again */
    bool ends;             /* its grant does, or was refused */
    uint64_t ends_ms;      /* when; 0: not by itself */
    bool will;
    uint32_t will_number; /* of what it says */
    uint64_t turn;        /* the number of its ACCEPT among those of its id */
};

/* One client id. */
struct guest {
    char id[8];
    uint64_t turns;      /* how often somebody was let in under it */
    bool asked[FILTERS]; /* filters that were ever in a SUBSCRIBE */
};

/* Something that was said: on which topic, by whom, and when. */
struct said {
    const struct caller *caller;
    unsigned topic;
    struct law_who who, before;
    bool two, will;
    bool unknown; /* a crash has forgotten who said it */
    unsigned from;
    int to; /* OPEN: until now */
};

struct fence {
    const struct random_config *config;
    struct world *world;
    struct rng rng;
    struct law law;
    struct rules *owns; /* rules of grants */
    struct guest guests[GUESTS];
    struct caller callers[CALLERS];
    struct said *list;
    uint32_t count;
    uint64_t copies, answers;
    uint16_t shards;
    uint32_t step;
    bool ending; /* everybody may come in as it is */
    bool seen[CALLERS][CALLERS][LAW_TOPICS]; /* at the end: by, of, on */
    uint32_t first_at_end;
    char error[LIFE_TEXT_MAX + 1];
};

static uint64_t below(struct fence *f, uint64_t bound)
{
    return rng_below(&f->rng, bound);
}

static bool chance(struct fence *f, uint64_t parts, uint64_t whole)
{
    return rng_chance(&f->rng, parts, whole);
}

/* `caller` should have been, or have seen, `claim`. */
static void fence_wrong(struct fence *f, const struct caller *caller,
                        const char *what, const struct words *packet,
                        const char *claim)
{
    char text[160] = "";
    if (f->error[0] != 0) return;
    if (packet != NULL) words_print(packet, text, sizeof(text));
    snprintf(f->error, sizeof(f->error), "%s: %.200s %s", caller->client->name,
             what, text);
    story_claim(f->config->story, "%s %s\n", caller->client->name, claim);
}

/* It got `packet`, a PUBLISH, which is wrong. */
static void publish_wrong(struct fence *f, const struct caller *caller,
                          const char *what, const struct words *packet)
{
    char claim[160];
    struct bytes topic = words_text(packet, "topic");
    struct bytes payload = words_text(packet, "payload");
    snprintf(claim, sizeof(claim), "saw at_most 0 publish \"%.*s\" \"%.*s\"",
             (int)topic.size, (const char *)topic.data, (int)payload.size,
             (const char *)payload.data);
    fence_wrong(f, caller, what, packet, claim);
}

static bool fence_part(struct fence *f, uint32_t step, enum part part)
{
    return acts_begin(f->config, step, part, &f->rng, f->world);
}

/* `caller` says `words`, which are freed, and the story is told of it. */
static void caller_say(struct fence *f, struct caller *caller,
                       struct words *words)
{
    story_packet(f->config->story, caller->client->name, false, words);
    client_say(caller->client, words);
    words_free(words);
}

static void caller_hang_up(struct fence *f, struct caller *caller, bool cut)
{
    if (caller->client->cable.v == 0) return;
    story_tell(f->config->story, "%s %s", cut ? "cut" : "close",
               caller->client->name);
    client_hang_up(caller->client, cut);
    caller->in = false;
}

/* --- judging -------------------------------------------------------------- */

static bool may(const struct fence *f, const struct law_who *who,
                const struct law_who *before, bool two, unsigned from, int to,
                enum acl_access access, const char *topic)
{
    unsigned end = to == OPEN ? law_now(&f->law) : (unsigned)to;
    if (law_allowed(&f->law, from, end, who, access, topic)) return true;
    return two && law_allowed(&f->law, from, end, before, access, topic);
}

/* May `s` have been said, and, if it was retained, be shown now? */
static bool said_allowed(const struct fence *f, const struct said *s,
                         bool retained)
{
    const char *topic = law_topic(s->topic);
    if (s->unknown) return true;
    if (!may(f, &s->who, &s->before, s->two, s->from, s->to, ACL_WRITE,
             topic)) {
        return false;
    }
    unsigned end = s->to == OPEN ? law_now(&f->law) : (unsigned)s->to;
    bool known = s->who.own == NULL && !s->two && !s->will &&
                 law_strict(&f->law, s->from, end);
    if (!retained || !known) return true;
    return law_allowed(&f->law, f->law.base, law_now(&f->law), &s->who,
                       ACL_WRITE, topic);
}

static bool guest_asked(const struct guest *guest, const char *topic)
{
    for (unsigned i = 0; i < FILTERS; i++) {
        struct bytes filter = bytes_of(filters[i]);
        struct bytes group;
        if (!guest->asked[i]) continue;
        if (topic_is_shared(filter) &&
            topic_share_split(filter, &group, &filter) != OK) {
            continue;
        }
        if (topic_matches(filter, bytes_of(topic))) return true;
    }
    return false;
}

static void hear_publish(struct fence *f, struct caller *caller,
                         const struct words *packet)
{
    char text[16] = {0};
    struct bytes payload = words_text(packet, "payload");
    f->copies += 1;
    if (payload.size == 0 || payload.size >= sizeof(text)) {
        publish_wrong(f, caller, "a payload that nobody sent", packet);
        return;
    }
    memcpy(text, payload.data, payload.size);
    unsigned long number = strtoul(text, NULL, 10);
    if (number >= f->count) {
        publish_wrong(f, caller, "a payload that nobody sent", packet);
        return;
    }
    const struct said *s = &f->list[number];
    const char *topic = law_topic(s->topic);
    /* What was sent once is sent again, whatever the rules say since. */
    bool retained = words_number(packet, "retain", 0) != 0 &&
                    words_number(packet, "dup", 0) == 0;
    if (!bytes_equal(words_text(packet, "topic"), bytes_of(topic))) {
        publish_wrong(f, caller, "another topic than it was sent on", packet);
    } else if (!guest_asked(&f->guests[caller->guest], topic)) {
        publish_wrong(f, caller, "it never asked for", packet);
    } else if (!said_allowed(f, s, retained)) {
        publish_wrong(f, caller, "who sent this may not", packet);
    } else if (!may(f, &caller->who, &caller->before, caller->two, f->law.base,
                    OPEN, ACL_READ, topic)) {
        publish_wrong(f, caller, "it may not read", packet);
    }
}

/* --- saying --------------------------------------------------------------- */

/* Write down that `caller` says something on `topic`; its payload is `text`. */
static struct said *say_begin(struct fence *f, const struct caller *caller,
                              unsigned topic, char text[16])
{
    f->list = words_memory(f->list, (f->count + 1) * sizeof(f->list[0]));
    struct said *s = &f->list[f->count];
    *s = (struct said){.caller = caller,
                       .topic = topic,
                       .who = caller->who,
                       .before = caller->before,
                       .two = caller->two,
                       .from = f->law.base,
                       .to = OPEN};
    snprintf(text, 16, "%" PRIu32, f->count);
    f->count += 1;
    return s;
}

static void caller_publish(struct fence *f, struct caller *caller,
                           unsigned topic, unsigned qos, bool retain)
{
    char text[16];
    (void)say_begin(f, caller, topic, text);
    struct words *words = words_new(PACKET_PUBLISH);
    words_text_add(words, "topic", bytes_of(law_topic(topic)));
    words_text_add(words, "payload", bytes_of(text));
    words_number_add(words, "qos", qos);
    words_number_add(words, "retain", retain);
    if (qos > 0) words_number_add(words, "pid", client_pid(caller->client));
    caller_say(f, caller, words);
}

static void caller_subscribe(struct fence *f, struct caller *caller)
{
    unsigned filter = (unsigned)below(f, FILTERS);
    bool on = chance(f, 4, 5);
    struct words *words = words_new(on ? PACKET_SUBSCRIBE : PACKET_UNSUBSCRIBE);
    words_number_add(words, "pid", client_pid(caller->client));
    words_text_add(words, "filter", bytes_of(filters[filter]));
    if (on) words_number_add(words, "qos", (uint32_t)below(f, 3));
    if (on) f->guests[caller->guest].asked[filter] = true;
    caller_say(f, caller, words);
}

static void caller_prove(struct fence *f, struct caller *caller,
                         uint32_t reason)
{
    struct words *words = words_new(PACKET_AUTH);
    words_number_add(words, "reason", reason);
    words_text_add(words, "auth_method", bytes_of("M"));
    caller_say(f, caller, words);
}

/* What a message that is left as a will says. */
static void caller_will(struct fence *f, struct caller *caller,
                        struct words *words)
{
    char text[16];
    unsigned topic = (unsigned)below(f, LAW_TOPICS);
    caller->will = true;
    caller->will_number = f->count;
    say_begin(f, caller, topic, text)->will = true;
    words_text_add(words, "will", bytes_of(law_topic(topic)));
    words_text_add(words, "will_payload", bytes_of(text));
    words_number_add(words, "will_qos", (uint32_t)below(f, 3));
}

static void caller_connect(struct fence *f, struct caller *caller)
{
    struct words *words = words_new(PACKET_CONNECT);
    const char *id = f->guests[caller->guest].id;
    caller->who = (struct law_who){(unsigned)below(f, LAW_USERS + 1), id, NULL};
    caller->version = 3 + (unsigned)below(f, 3);
    caller->persistent = chance(f, 2, 3);
    caller->granted = caller->in = caller->again = false;
    caller->two = caller->ends = caller->will = false;
    words_number_add(words, "v", caller->version);
    words_text_add(words, "id", bytes_of(id));
    words_number_add(words, "clean", !caller->persistent);
    if (caller->version == 5) {
        words_number_add(words, "expiry", caller->persistent ? 600 : 0);
        if (chance(f, 1, 2)) words_number_add(words, "receive_max", 3);
        if (chance(f, 1, 2)) {
            words_text_add(words, "auth_method", bytes_of("M"));
        }
    }
    if (!f->ending && chance(f, 1, 4)) caller_will(f, caller, words);
    client_open(caller->client, caller->version);
    /* Whoever had the id meanwhile may have ended what this one remembers. */
    memset(caller->client->flight, FLIGHT_NONE, UINT16_MAX + 1);
    story_packet(f->config->story, caller->client->name, false, words);
    client_connect(caller->client, words);
    words_free(words);
}

static void caller_leave(struct fence *f, struct caller *caller)
{
    caller_hang_up(f, caller, chance(f, 1, 2));
}

/* --- the door ------------------------------------------------------------- */

static struct rules *own_rules(struct fence *f)
{
    if (f->ending || chance(f, 4, 5)) return NULL;
    struct rules *rules = law_own(&f->rng);
    rules->next = f->owns;
    f->owns = rules;
    return rules;
}

/* What `caller` said, and was perhaps not heard yet, may be heard as of what it
 * is granted now. */
static void said_renew(struct fence *f, const struct caller *caller)
{
    for (uint32_t i = 0; i < f->count; i++) {
        struct said *s = &f->list[i];
        bool old = s->will && i != caller->will_number;
        if (s->caller != caller || s->to != OPEN || old) continue;
        s->before = caller->before;
        s->who = caller->who;
        s->two = true;
    }
}

/* What `caller` is granted, in words. */
static void accept_tell(struct fence *f, const struct caller *caller)
{
    char user[32] = "", expires[32] = "", rules[RULES_BYTES] = "";
    const char *name = law_user(caller->who.user);
    if (name != NULL) snprintf(user, sizeof(user), " user=\"%s\"", name);
    if (caller->ends_ms != 0) {
        snprintf(expires, sizeof(expires), " expires=%" PRIu64 "ms",
                 caller->ends_ms - world_now(f->world));
    }
    if (caller->who.own != NULL) {
        rules_write(caller->who.own, rules, sizeof(rules));
    }
    story_tell(f->config->story, "grant %s accept%s%s%s", caller->client->name,
               user, expires, rules);
}

static void door_accept(struct fence *f, struct caller *caller)
{
    struct guest *guest = &f->guests[caller->guest];
    struct answer answer = {.verdict = ANSWER_ACCEPT};
    if (caller->again) {
        caller->before = caller->who;
        caller->two = true;
        caller->who.user = (unsigned)below(f, LAW_USERS + 1);
    } else {
        caller->turn = ++guest->turns;
    }
    caller->who.own = own_rules(f);
    const char *user = law_user(caller->who.user);
    if (user != NULL) answer.user = bytes_of(user);
    answer.has_user = user != NULL;
    if (caller->who.own != NULL) answer.acl = &caller->who.own->acl;
    if (!f->ending && chance(f, 1, 6)) {
        caller->ends_ms = world_now(f->world) + 1 + below(f, 5000);
        caller->ends = true;
    } else {
        caller->ends_ms = 0;
    }
    answer.expires_ms = caller->ends_ms;
    if (caller->will && !caller->again) {
        f->list[caller->will_number].who = caller->who;
    }
    if (caller->again) said_renew(f, caller);
    caller->granted = true;
    accept_tell(f, caller);
    world_answer(f->world, caller->client->asked, &answer);
}

/* Answer what is asked about `caller`, in one way or the other. */
static void door_answer(struct fence *f, struct caller *caller)
{
    enum ask_kind kind;
    struct ask said;
    if (!world_asked(f->world, caller->client->asked, &kind, &said)) return;
    f->answers += 1;
    uint64_t what = f->ending ? 0 : below(f, 10);
    struct answer answer = {.verdict = ANSWER_REFUSE, .why = ERR_CREDENTIALS};
    if (what < 6) {
        door_accept(f, caller);
        return;
    }
    if (what < 8 && said.has_method) answer.verdict = ANSWER_MORE;
    bool refused = answer.verdict == ANSWER_REFUSE;
    if (refused) caller->ends = true;
    story_tell(f->config->story, "grant %s %s", caller->client->name,
               refused ? "refuse credentials" : "more");
    world_answer(f->world, caller->client->asked, &answer);
}

/* --- hearing -------------------------------------------------------------- */

/* It is let in: may it leave the will that it brings? */
static void hear_will(struct fence *f, struct caller *caller,
                      const struct words *packet)
{
    const struct said *s = &f->list[caller->will_number];
    if (may(f, &s->who, &s->before, s->two, s->from, s->to, ACL_WRITE,
            law_topic(s->topic))) {
        return;
    }
    fence_wrong(f, caller, "leaves a will that it may not", packet,
                "saw at_most 0 connack reason=0");
}

static void hear_connack(struct fence *f, struct caller *caller,
                         const struct words *packet)
{
    uint32_t reason = words_number(packet, "reason", 1);
    if (reason == 0 && !caller->granted) {
        fence_wrong(f, caller, "was let in by nobody", packet,
                    "saw at_most 0 connack reason=0");
    }
    if (reason == 0 && caller->will) hear_will(f, caller, packet);
    bool excused = caller->ends || caller->will || reason == 0x88 ||
                   reason == 3 || !caller->granted;
    if (reason != 0 && !excused) {
        fence_wrong(f, caller, "is refused though it was granted", packet,
                    "expect connack");
    }
    caller->in = reason == 0;
}

/* Is there a reason to put `caller` out? */
static bool caller_excused(const struct fence *f, const struct caller *caller)
{
    return caller->ends || f->guests[caller->guest].turns > caller->turn;
}

static void hear_disconnect(struct fence *f, struct caller *caller,
                            const struct words *packet)
{
    uint32_t reason = words_number(packet, "reason", 0);
    bool taken = f->guests[caller->guest].turns > caller->turn;
    caller->in = false;
    if (reason == 0x8e ? taken : reason == 0x87 && caller->ends) return;
    fence_wrong(f, caller, "is put out without a reason", packet,
                "expect open");
}

static void hear_auth(struct fence *f, struct caller *caller,
                      const struct words *packet)
{
    if (words_number(packet, "reason", 0) == 0x18) {
        if (f->ending || chance(f, 7, 8)) caller_prove(f, caller, 0x18);
    } else if (!caller->again) {
        fence_wrong(f, caller, "did not prove itself again", packet,
                    "saw at_most 0 auth reason=0");
    } else {
        caller->again = false;
    }
}

/* At the end: who got what. */
static void hear_at_end(struct fence *f, const struct caller *caller,
                        const struct words *packet)
{
    char text[16] = {0};
    struct bytes payload = words_text(packet, "payload");
    if (!f->ending || payload.size >= sizeof(text)) return;
    memcpy(text, payload.data, payload.size);
    unsigned long number = strtoul(text, NULL, 10);
    if (number < f->first_at_end || number >= f->count) return;
    unsigned by = (unsigned)(number - f->first_at_end) / LAW_TOPICS;
    assert(by < GUESTS);
    f->seen[caller->guest][by][f->list[number].topic] = true;
}

static void hear(struct fence *f, struct caller *caller,
                 const struct words *packet)
{
    switch (packet->type) {
    case PACKET_CONNACK: hear_connack(f, caller, packet); break;
    case PACKET_DISCONNECT: hear_disconnect(f, caller, packet); break;
    case PACKET_AUTH: hear_auth(f, caller, packet); break;
    case PACKET_PUBLISH:
        hear_publish(f, caller, packet);
        hear_at_end(f, caller, packet);
        break;
    default: break;
    }
}

static bool caller_read(struct fence *f, struct caller *caller)
{
    struct client *client = caller->client;
    bool read = client_read(client);
    while (client->first != NULL) {
        struct words *packet = client_take(client, client->first);
        hear(f, caller, packet);
        words_free(packet);
    }
    if (client->error[0] != 0) {
        fence_wrong(f, caller, client->error, NULL, "expect open");
    }
    return read;
}

static bool fence_read(void *context)
{
    struct fence *f = context;
    bool busy = false;
    for (unsigned i = 0; i < CALLERS; i++)
        busy = caller_read(f, &f->callers[i]) || busy;
    return busy && f->error[0] == 0;
}

/* --- the life ------------------------------------------------------------- */

/* Nothing is on its way to or from `caller`: it is what it was granted, as long
 * as that lasts, and its will is judged by what holds from now on. */
static void caller_settle(struct fence *f, struct caller *caller)
{
    enum ask_kind kind;
    struct ask said;
    struct client *client = caller->client;
    if (world_asked(f->world, client->asked, &kind, &said)) return;
    caller->two = false;
    if (client->cable.v == 0 || world_closed(f->world, client->cable)) return;
    if (!caller->in) return;
    if (caller->ends_ms != 0 && caller->ends_ms <= world_now(f->world)) {
        fence_wrong(f, caller, "is in longer than it was granted", NULL,
                    "expect close");
    }
    if (!caller->will) return;
    struct said *s = &f->list[caller->will_number];
    s->who = caller->who;
    s->two = false;
    s->from = f->law.base;
}

/* All comes to rest: what holds now is all that can hold. */
static void fence_settle(struct fence *f)
{
    story_detail(f->config->story, "wait 0ms");
    world_settle(f->world);
    law_settle(&f->law);
    for (unsigned i = 0; i < CALLERS; i++)
        caller_settle(f, &f->callers[i]);
    for (uint32_t i = 0; i < f->count; i++) {
        struct said *s = &f->list[i];
        if (s->to == OPEN && !s->will) s->to = (int)law_now(&f->law);
    }
}

static void fence_change(struct fence *f)
{
    char text[RULES_BYTES] = " off";
    struct options options = *world_options(f->world);
    options.listener.acl = law_change(&f->law, &f->rng);
    const struct rules *rules = f->law.versions[law_now(&f->law)];
    if (rules != NULL) rules_write(rules, text, sizeof(text));
    story_tell(f->config->story, "acl%s", text);
    world_reload(f->world, &options);
}

static void fence_crash(struct fence *f)
{
    size_t commits = below(f, 10);
    if (f->config->shards == 0 && chance(f, 1, 2)) {
        f->shards = (uint16_t)(1 + below(f, LIFE_SHARDS_MAX));
    }
    story_tell(f->config->story, "crash %zu %u", commits, f->shards);
    world_crash(f->world, commits);
    for (uint32_t i = 0; i < f->count; i++)
        f->list[i].unknown = f->list[i].unknown || f->list[i].will;
    for (unsigned i = 0; i < CALLERS; i++) {
        client_hang_up(f->callers[i].client, true);
        f->callers[i].in = false;
    }
    world_restart(f->world, f->shards);
}

static void caller_act(struct fence *f, struct caller *caller)
{
    struct client *client = caller->client;
    if (client->cable.v == 0) {
        if (chance(f, 1, 3)) door_answer(f, caller);
        caller_connect(f, caller);
        return;
    }
    if (world_closed(f->world, client->cable)) {
        if (caller->in && !caller_excused(f, caller)) {
            fence_wrong(f, caller, "was closed", NULL, "expect open");
        }
        caller_leave(f, caller);
        return;
    }
    uint64_t what = below(f, 100);
    if (!caller->in) {
        if (what < 10) caller_leave(f, caller);
    } else if (what < 60) {
        /* One draw after the other, or the story were the compiler's. */
        bool retain = chance(f, 1, 4);
        unsigned qos = (unsigned)below(f, 3);
        caller_publish(f, caller, (unsigned)below(f, LAW_TOPICS), qos, retain);
    } else if (what < 85) {
        caller_subscribe(f, caller);
    } else if (what < 88) {
        caller_leave(f, caller);
    } else if (what < 92 && client->enhanced && !caller->again &&
               !caller->two) {
        caller->again = true;
        caller_prove(f, caller, 0x19);
    }
}

static void step_turns(struct fence *f)
{
    for (uint64_t turns = below(f, 6); turns > 0; turns--) {
        story_detail(f->config->story, "turn");
        (void)world_turn(f->world);
        if (!chance(f, 2, 3)) continue;
        struct caller *caller = &f->callers[below(f, CALLERS)];
        story_detail(f->config->story, "%s read", caller->client->name);
        (void)caller_read(f, caller);
    }
}

static void step_pause(struct fence *f)
{
    if (chance(f, 1, 20)) fence_settle(f);
    if (!chance(f, 1, 60)) return;
    uint64_t ms = below(f, 3000);
    story_wait(f->config->story, ms);
    world_wait(f->world, ms);
}

static void fence_step(struct fence *f)
{
    if (fence_part(f, f->step, PART_DISK)) {
        if (chance(f, 1, 40)) fence_change(f);
        bool disk = world_options(f->world)->persistence;
        if (chance(f, 1, 300) && disk) fence_crash(f);
    }
    if (fence_part(f, f->step, PART_ACT)) {
        struct caller *caller = &f->callers[below(f, CALLERS)];
        if (chance(f, 1, 3)) {
            door_answer(f, caller);
        } else {
            caller_act(f, caller);
        }
    }
    if (f->config->plain) {
        world_settle(f->world);
    } else if (fence_part(f, f->step, PART_TURNS)) {
        step_turns(f);
    }
    if (fence_part(f, f->step, PART_PAUSE)) step_pause(f);
}

/* --- the end -------------------------------------------------------------- */

/* Everybody out, and one of each id in again, with nothing left of before. */
static void end_enter(struct fence *f)
{
    (void)fence_part(f, ACTS_FINALE, PART_ACT);
    f->ending = true;
    f->first_at_end = UINT32_MAX;
    for (unsigned i = 0; i < CALLERS; i++)
        caller_hang_up(f, &f->callers[i], true);
    story_wait(f->config->story, 3600 * 1000);
    world_wait(f->world, 3600 * 1000);
    for (unsigned i = 0; i < GUESTS; i++) {
        struct caller *caller = &f->callers[2 * i];
        struct guest *guest = &f->guests[i];
        do {
            caller_hang_up(f, caller, true);
            caller_connect(f, caller);
            story_detail(f->config->story, "wait 0ms");
            world_settle(f->world);
            door_answer(f, caller);
            fence_settle(f);
        } while (caller->persistent && f->error[0] == 0);
        if (!caller->in) {
            fence_wrong(f, caller, "cannot come back", NULL, "expect connack");
        }
        memset(guest->asked, 0, sizeof(guest->asked));
    }
}

/* Each asks for all, and says something on each topic. */
static void end_talk(struct fence *f)
{
    for (unsigned i = 0; i < GUESTS; i++) {
        struct caller *caller = &f->callers[2 * i];
        static const unsigned all[] = {0, 8}; /* "#" and "$x/#" */
        for (unsigned k = 0; k < 2; k++) {
            struct words *words = words_new(PACKET_SUBSCRIBE);
            words_number_add(words, "pid", client_pid(caller->client));
            words_text_add(words, "filter", bytes_of(filters[all[k]]));
            f->guests[i].asked[all[k]] = true;
            caller_say(f, caller, words);
        }
    }
    fence_settle(f);
    f->first_at_end = f->count;
    for (unsigned i = 0; i < GUESTS; i++) {
        for (unsigned topic = 0; topic < LAW_TOPICS; topic++) {
            caller_publish(f, &f->callers[2 * i], topic, topic % 3, false);
        }
    }
    fence_settle(f);
}

/* Who may read a topic has got it from all who may write it, and from no other.
 * That the filter was refused is no excuse: then there is nothing to read. */
static void end_check(struct fence *f)
{
    unsigned now = law_now(&f->law);
    for (unsigned i = 0; i < GUESTS * GUESTS * LAW_TOPICS; i++) {
        unsigned reader = i / LAW_TOPICS % GUESTS;
        unsigned writer = i / LAW_TOPICS / GUESTS;
        unsigned topic = i % LAW_TOPICS;
        const struct caller *to = &f->callers[2 * reader];
        const struct caller *from = &f->callers[2 * writer];
        bool due = law_allowed(&f->law, now, now, &from->who, ACL_WRITE,
                               law_topic(topic)) &&
                   law_allowed(&f->law, now, now, &to->who, ACL_READ,
                               law_topic(topic));
        if (due == f->seen[reader][writer][topic]) continue;
        char what[96];
        snprintf(what, sizeof(what), "%s %s of %s", due ? "misses" : "gets",
                 law_topic(topic), from->client->name);
        char claim[96];
        snprintf(claim, sizeof(claim), "saw %spublish \"%s\" \"%u\"",
                 due ? "" : "at_most 0 ", law_topic(topic),
                 f->first_at_end + writer * LAW_TOPICS + topic);
        fence_wrong(f, to, what, NULL, claim);
    }
}

static void world_tell(const struct fence *f, const struct world_config *config)
{
    struct story *story = f->config->story;
    story_tell(story, "# shards: %u\n# seed: %" PRIu64, config->shards,
               config->seed);
    if (config->chaos) story_detail(story, "# chaos: 1");
    story_tell(
        story, "options ask=1 receive_maximum=%u max_inflight_messages=%u%s",
        config->options.receive_maximum, config->options.max_inflight_messages,
        config->options.persistence ? " persistence=1" : "");
    story_detail(story, "by_hand");
}

static void fence_begin(struct fence *f)
{
    f->shards = f->config->shards;
    uint16_t shards = (uint16_t)(1 + below(f, LIFE_SHARDS_MAX));
    if (f->shards == 0) f->shards = shards;
    struct world_config config = {.shards = f->shards,
                                  .seed = f->config->seed,
                                  .trace = f->config->trace,
                                  .chaos = !f->config->plain};
    options_init(&config.options);
    config.options.listener.ask = true;
    config.options.receive_maximum = RECEIVE_MAX;
    config.options.max_inflight_messages = (uint16_t)(1 + below(f, 30));
    config.options.persistence = chance(f, 1, 2);
    config.options.sys_interval_s = 0;
    world_tell(f, &config);
    law_init(&f->law);
    f->world = world_new(&config);
    world_clients_set(f->world, fence_read, f);
    for (unsigned i = 0; i < GUESTS; i++)
        snprintf(f->guests[i].id, sizeof(f->guests[i].id), "id%u", i);
    for (unsigned i = 0; i < CALLERS; i++) {
        char name[16];
        snprintf(name, sizeof(name), "caller%u", i);
        f->callers[i] = (struct caller){.client = client_new(f->world, name),
                                        .guest = i / 2};
    }
    world_settle(f->world);
}

static void fence_end(struct fence *f)
{
    for (unsigned i = 0; i < CALLERS; i++)
        client_free(f->callers[i].client);
    world_free(f->world);
    law_fini(&f->law);
    while (f->owns != NULL) {
        struct rules *rules = f->owns;
        f->owns = rules->next;
        rules_free(rules);
    }
    free(f->list);
}

void fence_live(const struct random_config *config, struct random_end *end)
{
    struct fence *f = words_memory(NULL, sizeof(*f));
    *f = (struct fence){.config = config};
    (void)fence_part(f, ACTS_SETUP, PART_ACT);
    fence_begin(f);
    for (; f->step < config->steps && f->error[0] == 0; f->step++)
        fence_step(f);
    if (f->error[0] == 0) end_enter(f);
    if (f->error[0] == 0) end_talk(f);
    if (f->error[0] == 0) end_check(f);
    *end = (struct random_end){.well = f->error[0] == 0, .step = f->step};
    snprintf(end->words, sizeof(end->words),
             "fence, %u shards, %u rules, %" PRIu64
             " answers, %u messages, %" PRIu64 " copies",
             f->shards, law_now(&f->law), f->answers, f->count, f->copies);
    memcpy(end->error, f->error, sizeof(end->error));
    fence_end(f);
    free(f);
}
