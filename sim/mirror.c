/* mirror.c - the broker as arrays and loops. */
#include "sim/mirror.h"

#include "sim/words_codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const topics[MIRROR_TOPICS] = {"t", "t/a", "t/b",  "t/a/b",
                                                  "u", "/t",  "$x/a", "$x"};

static const char *const filters[MIRROR_FILTERS] = {
    "t",    "t/+",  "t/#", "#",  "+/a",   "u",
    "$x/#", "$x/a", "+",   "/+", "+/+/b", "t/a"};

const char *mirror_topic(unsigned topic)
{
    assert(topic < MIRROR_TOPICS);
    return topics[topic];
}

const char *mirror_filter(unsigned filter)
{
    assert(filter < MIRROR_FILTERS);
    return filters[filter];
}

/* Does `filter` match `topic`, level by level? */
static bool levels_match(const char *filter, const char *topic)
{
    for (;;) {
        size_t f = strcspn(filter, "/");
        size_t t = strcspn(topic, "/");
        if (f == 1 && filter[0] == '#') return true;
        bool plus = f == 1 && filter[0] == '+';
        if (!plus && (f != t || memcmp(filter, topic, f) != 0)) return false;
        filter += f;
        topic += t;
        if (*topic == 0) return *filter == 0 || strcmp(filter, "/#") == 0;
        if (*filter == 0) return false;
        filter += 1;
        topic += 1;
    }
}

static bool matches(unsigned filter, unsigned topic)
{
    const char *f = filters[filter];
    if (topics[topic][0] == '$' && f[0] != '$') return false;
    return levels_match(f, topics[topic]);
}

struct mirror *mirror_new(const struct options *options, uint64_t now_ms)
{
    struct mirror *mirror = calloc(1, sizeof(*mirror));
    if (mirror == NULL) abort();
    mirror->options = options;
    mirror->now_ms = now_ms;
    return mirror;
}

void mirror_free(struct mirror *mirror)
{
    for (unsigned i = 0; i < MIRROR_GUESTS; i++)
        free(mirror->guests[i].dues);
    free(mirror);
}

void mirror_clear(struct mirror *mirror)
{
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        struct mirror_guest *g = &mirror->guests[i];
        g->flow_count = 0;
        g->answer_count = 0;
        g->closed = false;
        g->why = 0;
    }
}

/* --- what must come ------------------------------------------------------- */

void mirror_answer(struct mirror *mirror, unsigned guest, enum packet_type type,
                   uint16_t pid, uint8_t code)
{
    struct mirror_guest *g = &mirror->guests[guest];
    assert(g->answer_count < MIRROR_ANSWERS_MAX);
    g->answers[g->answer_count++] = (struct mirror_answer){
        .type = type, .pid = pid, .codes = {code}, .code_count = 1};
}

static void flow_add(const struct mirror *mirror, struct mirror_guest *g,
                     const struct mirror_due *due, bool pubrel, unsigned set)
{
    assert(g->flow_count < MIRROR_FLOWS_MAX);
    g->flows[g->flow_count++] =
        (struct mirror_flow){.pubrel = pubrel,
                             .dup = due->state != MIRROR_QUEUED,
                             .set = set,
                             .at_ms = mirror->now_ms,
                             .due = *due};
}

/* --- one guest's dues ----------------------------------------------------- */

static void due_remove(struct mirror_guest *g, unsigned index)
{
    assert(index < g->due_count);
    g->due_count -= 1;
    memmove(&g->dues[index], &g->dues[index + 1],
            (g->due_count - index) * sizeof(g->dues[0]));
}

static unsigned window_count(const struct mirror_guest *g)
{
    unsigned count = 0;
    while (count < g->due_count && g->dues[count].in_window)
        count += 1;
    return count;
}

static bool expired(const struct mirror *mirror,
                    const struct mirror_message *message)
{
    return message->expires_ms != 0 && mirror->now_ms >= message->expires_ms;
}

/* Send what the window has room for. */
static void pump(struct mirror *mirror, struct mirror_guest *g, unsigned set)
{
    while (g->here) {
        unsigned index = window_count(g);
        if (index == g->due_count) return;
        struct mirror_due *due = &g->dues[index];
        bool fresh = due->state == MIRROR_QUEUED;
        if (fresh && expired(mirror, &due->message)) {
            due_remove(g, index);
            continue;
        }
        if (index >= g->window_max) return;
        if (due->state == MIRROR_RECEIVED) {
            flow_add(mirror, g, due, true, set);
        } else if (g->small && due->message.large) {
            due_remove(g, index);
            continue;
        } else {
            flow_add(mirror, g, due, false, set);
            due->state = MIRROR_SENT;
        }
        due->in_window = true;
    }
}

/* Is there room in the queue, maybe after the oldest left? */
static bool make_room(const struct mirror *mirror, struct mirror_guest *g)
{
    unsigned window = window_count(g), first = window;
    while (first < g->due_count && g->dues[first].state != MIRROR_QUEUED)
        first += 1;
    while (first < g->due_count && expired(mirror, &g->dues[first].message))
        due_remove(g, first);
    bool idle = g->here && window == g->due_count && window < g->window_max;
    uint32_t max = mirror->options->max_queued_messages;
    if (idle || max == 0) return true;
    while (g->due_count - first >= max) {
        if (mirror->options->queue_overflow != OVERFLOW_OLDEST) return false;
        due_remove(g, first);
    }
    return true;
}

/* `due` is for `g`, who may not take it. */
static void offer(struct mirror *mirror, struct mirror_guest *g,
                  struct mirror_due *due, unsigned set)
{
    due->serial = ++mirror->serial;
    if (due->qos == 0) {
        bool fits = !(g->small && due->message.large);
        if (g->here && fits) flow_add(mirror, g, due, false, set);
        return;
    }
    if (!make_room(mirror, g)) return;
    if (g->due_count == g->due_capacity) {
        g->due_capacity = g->due_capacity * 2 + 16;
        g->dues = words_memory(g->dues, g->due_capacity * sizeof(g->dues[0]));
    }
    g->dues[g->due_count++] = *due;
    pump(mirror, g, set);
}

/* --- from one to many ----------------------------------------------------- */

/* At which QoS comes what was published at `qos` to who was granted
 * `granted`? */
static uint8_t delivered(const struct mirror *mirror, uint8_t qos,
                         uint8_t granted)
{
    if (mirror->options->upgrade_outgoing_qos) return granted;
    return qos < granted ? qos : granted;
}

/* All subscriptions of `g` that match, as one. False: there is none. */
static bool gather(const struct mirror *mirror, const struct mirror_guest *g,
                   const struct mirror_message *m, bool own,
                   struct mirror_due *due)
{
    bool any = false;
    uint8_t granted = 0;
    *due = (struct mirror_due){.message = *m};
    for (unsigned i = 0; i < MIRROR_FILTERS; i++) {
        const struct mirror_subscription *s = &g->subscriptions[i];
        if (!s->on || !matches(i, m->topic)) continue;
        if (own && s->no_local) continue;
        any = true;
        if (s->qos > granted) granted = s->qos;
        if (s->as_published) due->retain = m->retain;
        if (s->id > 0) due->ids[due->id_count++] = s->id;
    }
    due->qos = delivered(mirror, m->qos, granted);
    return any;
}

/* Does `g` subscribe to the topic, but not to what it publishes itself? */
static bool left_out(const struct mirror_guest *g,
                     const struct mirror_message *m)
{
    for (unsigned i = 0; i < MIRROR_FILTERS; i++) {
        const struct mirror_subscription *s = &g->subscriptions[i];
        if (s->on && s->no_local && matches(i, m->topic)) return true;
    }
    return false;
}

/* Returns how many subscribe to it. */
static unsigned route(struct mirror *mirror, unsigned publisher,
                      const struct mirror_message *m)
{
    unsigned count = 0;
    if (m->retain) {
        mirror->retained[m->topic] = *m;
        mirror->retained_there[m->topic] = !m->empty;
    }
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        struct mirror_guest *g = &mirror->guests[i];
        struct mirror_due due;
        if (!g->exists) continue;
        if (!gather(mirror, g, m, i == publisher, &due)) {
            count += i == publisher && left_out(g, m);
            continue;
        }
        count += 1;
        offer(mirror, g, &due, 0);
    }
    return count;
}

/* --- coming and going ----------------------------------------------------- */

static void will_publish(struct mirror *mirror, unsigned guest)
{
    struct mirror_guest *g = &mirror->guests[guest];
    struct mirror_message m = g->will.message;
    if (g->will.expiry_s > 0) {
        m.expires_ms = mirror->now_ms + g->will.expiry_s * 1000ull;
    }
    g->will.there = false;
    g->will_ms = 0;
    route(mirror, guest, &m);
}

static void session_end(struct mirror *mirror, unsigned guest)
{
    struct mirror_guest *g = &mirror->guests[guest];
    if (g->will.there) will_publish(mirror, guest);
    g->exists = false;
    g->ends_ms = 0;
    g->due_count = 0;
    g->received_count = 0;
    memset(g->subscriptions, 0, sizeof(g->subscriptions));
}

static void end_begin(const struct mirror *mirror, struct mirror_guest *g)
{
    if (g->expiry_ms == MIRROR_NEVER) return;
    g->ends_ms = mirror->now_ms + g->expiry_ms;
}

/* The connection is gone, and nothing else has happened yet. */
static void disconnected(struct mirror_guest *g)
{
    g->here = false;
    g->unacknowledged = 0;
    for (unsigned i = 0; i < g->due_count; i++)
        g->dues[i].in_window = false;
}

void mirror_leave(struct mirror *mirror, unsigned guest, bool lost)
{
    struct mirror_guest *g = &mirror->guests[guest];
    assert(g->here);
    disconnected(g);
    if (!lost) g->will.there = false;
    if (g->will.there && (g->will.delay_s == 0 || g->expiry_ms == 0)) {
        will_publish(mirror, guest);
    } else if (g->will.there) {
        g->will_ms = mirror->now_ms + g->will.delay_s * 1000ull;
    }
    if (g->expiry_ms == 0) {
        session_end(mirror, guest);
    } else {
        end_begin(mirror, g);
    }
}

void mirror_end(struct mirror *mirror, unsigned guest, uint8_t why)
{
    struct mirror_guest *g = &mirror->guests[guest];
    g->closed = true;
    g->why = why;
    mirror_leave(mirror, guest, true);
}

bool mirror_connect(struct mirror *mirror, unsigned guest,
                    const struct mirror_connect *connect)
{
    struct mirror_guest *g = &mirror->guests[guest];
    bool taken = g->here;
    if (taken) mirror_leave(mirror, guest, true);
    if (g->exists && connect->clean) session_end(mirror, guest);
    mirror_answer(mirror, guest, PACKET_CONNACK, 0, 0);
    g->answers[g->answer_count - 1].present = g->exists;
    g->exists = true;
    g->here = true;
    g->version = connect->version;
    g->small = connect->small;
    g->window_max = connect->window_max;
    g->expiry_ms = connect->expiry_ms;
    g->keepalive_ms = connect->keepalive_s * 1500ull;
    g->heard_ms = mirror->now_ms;
    g->ends_ms = 0;
    g->will = connect->will;
    g->will_ms = 0;
    pump(mirror, g, 0);
    return taken;
}

void mirror_heard(struct mirror *mirror, unsigned guest)
{
    mirror->guests[guest].heard_ms = mirror->now_ms;
}

void mirror_crash(struct mirror *mirror)
{
    bool disk = mirror->options->persistence;
    for (unsigned i = 0; i < MIRROR_TOPICS && !disk; i++)
        mirror->retained_there[i] = false;
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        struct mirror_guest *g = &mirror->guests[i];
        if (!g->exists) continue;
        disconnected(g);
        if (!disk || g->expiry_ms == 0) {
            g->will.there = false;
            g->will_ms = 0;
            session_end(mirror, i);
            continue;
        }
        if (g->ends_ms == 0) end_begin(mirror, g);
        if (g->will.there && g->will_ms == 0) {
            g->will_ms = mirror->now_ms + g->will.delay_s * 1000ull;
        }
    }
    mirror_wait(mirror, 0);
}

bool mirror_crash_ambiguous(const struct mirror *mirror)
{
    uint64_t seen[MIRROR_GUESTS];
    unsigned count = 0;
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        const struct mirror_guest *g = &mirror->guests[i];
        if (!g->here || !g->will.there) continue;
        uint64_t due = g->will.delay_s * 1000ull;
        if (g->expiry_ms < due) due = g->expiry_ms;
        for (unsigned k = 0; k < count; k++) {
            if (seen[k] == due) return true;
        }
        seen[count++] = due;
    }
    return false;
}

/* --- time ----------------------------------------------------------------- */

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return b != 0 && b < a ? b : a;
}

static uint64_t guest_deadline(const struct mirror_guest *g)
{
    uint64_t at = UINT64_MAX;
    if (!g->exists) return at;
    if (g->here) {
        return g->keepalive_ms == 0 ? at : g->heard_ms + g->keepalive_ms;
    }
    return earliest(earliest(at, g->will_ms), g->ends_ms);
}

static void guest_due(struct mirror *mirror, unsigned guest)
{
    struct mirror_guest *g = &mirror->guests[guest];
    if (g->here) {
        mirror_end(mirror, guest, 0x8d);
        return;
    }
    if (g->will_ms != 0 && mirror->now_ms >= g->will_ms) {
        will_publish(mirror, guest);
    }
    if (g->ends_ms != 0 && mirror->now_ms >= g->ends_ms) {
        session_end(mirror, guest);
    }
}

void mirror_wait(struct mirror *mirror, uint64_t ms)
{
    uint64_t end = mirror->now_ms + ms;
    for (;;) {
        uint64_t next = UINT64_MAX;
        unsigned who = 0;
        for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
            uint64_t at = guest_deadline(&mirror->guests[i]);
            if (at >= next) continue;
            next = at;
            who = i;
        }
        if (next > end) break;
        mirror->now_ms = next;
        guest_due(mirror, who);
    }
    mirror->now_ms = end;
}

bool mirror_jump(struct mirror *mirror, uint64_t ms)
{
    uint64_t end = mirror->now_ms + ms;
    unsigned count = 0, who = 0;
    for (unsigned i = 0; i < MIRROR_GUESTS; i++) {
        const struct mirror_guest *g = &mirror->guests[i];
        if (guest_deadline(g) > end) continue;
        who = i;
        count += 1;
    }
    if (count > 1) return false;
    mirror->now_ms = end;
    if (count == 1) guest_due(mirror, who);
    return true;
}

/* --- subscriptions -------------------------------------------------------- */

bool mirror_roomy(const struct mirror *mirror, unsigned guest)
{
    const struct mirror_guest *g = &mirror->guests[guest];
    unsigned window = window_count(g);
    return window == g->due_count &&
           window + 2 * MIRROR_TOPICS <= g->window_max;
}

void mirror_subscribe(struct mirror *mirror, unsigned guest, unsigned filter,
                      struct mirror_subscription options,
                      unsigned retain_handling)
{
    struct mirror_guest *g = &mirror->guests[guest];
    bool fresh = !g->subscriptions[filter].on;
    g->subscriptions[filter] = options;
    if (retain_handling == 2 || (retain_handling == 1 && !fresh)) return;
    for (unsigned i = 0; i < MIRROR_TOPICS; i++) {
        const struct mirror_message *m = &mirror->retained[i];
        if (!mirror->retained_there[i] || !matches(filter, i)) continue;
        if (expired(mirror, m)) continue;
        struct mirror_due due = {.message = *m, .retain = true};
        due.qos = delivered(mirror, m->qos, options.qos);
        if (options.id > 0) due.ids[due.id_count++] = options.id;
        offer(mirror, g, &due, mirror->set + 1);
    }
}

void mirror_subscribed(struct mirror *mirror, unsigned guest, uint16_t pid,
                       const uint8_t *codes, unsigned count)
{
    struct mirror_guest *g = &mirror->guests[guest];
    assert(count > 0 && count <= 2);
    mirror_answer(mirror, guest, PACKET_SUBACK, pid, codes[0]);
    struct mirror_answer *answer = &g->answers[g->answer_count - 1];
    answer->code_count = count;
    if (count == 2) answer->codes[1] = codes[1];
    mirror->set += 1;
}

void mirror_unsubscribe(struct mirror *mirror, unsigned guest, unsigned filter,
                        uint16_t pid)
{
    struct mirror_guest *g = &mirror->guests[guest];
    bool was = g->subscriptions[filter].on;
    g->subscriptions[filter] = (struct mirror_subscription){.on = false};
    mirror_answer(mirror, guest, PACKET_UNSUBACK, pid, was ? 0 : 0x11);
    if (g->version < 5) g->answers[g->answer_count - 1].code_count = 0;
}

/* --- publishing ----------------------------------------------------------- */

/* Where `pid` stands among the received; their number: nowhere. */
static unsigned received_find(const struct mirror_guest *g, uint16_t pid)
{
    unsigned i = 0;
    while (i < g->received_count && g->received[i] != pid)
        i += 1;
    return i;
}

void mirror_publish(struct mirror *mirror, unsigned guest,
                    const struct mirror_message *message, uint16_t pid)
{
    struct mirror_guest *g = &mirror->guests[guest];
    if (message->qos == 2 && received_find(g, pid) < g->received_count) {
        mirror_answer(mirror, guest, PACKET_PUBREC, pid, 0);
        return;
    }
    uint32_t max = mirror->options->receive_maximum;
    if (message->qos > 0 && g->version == 5 && g->unacknowledged >= max) {
        mirror_end(mirror, guest, 0x93);
        return;
    }
    unsigned count = route(mirror, guest, message);
    if (message->qos == 1) {
        uint8_t code = g->version == 5 && count == 0 ? 0x10 : 0;
        mirror_answer(mirror, guest, PACKET_PUBACK, pid, code);
    } else if (message->qos == 2) {
        assert(g->received_count < MIRROR_RECEIVED_MAX);
        g->received[g->received_count++] = pid;
        g->unacknowledged += 1;
        mirror_answer(mirror, guest, PACKET_PUBREC, pid, 0);
    }
}

void mirror_pubrel(struct mirror *mirror, unsigned guest, uint16_t pid)
{
    struct mirror_guest *g = &mirror->guests[guest];
    unsigned index = received_find(g, pid);
    bool known = index < g->received_count;
    if (known) g->received[index] = g->received[--g->received_count];
    if (g->unacknowledged > 0) g->unacknowledged -= 1;
    uint8_t code = known || g->version < 5 ? 0 : 0x92;
    mirror_answer(mirror, guest, PACKET_PUBCOMP, pid, code);
}

/* --- acknowledging -------------------------------------------------------- */

/* Where the due stands; the number of dues: nowhere. */
static unsigned due_find(const struct mirror_guest *g, uint32_t serial)
{
    unsigned i = 0;
    while (i < g->due_count && g->dues[i].serial != serial)
        i += 1;
    return i;
}

void mirror_came(struct mirror *mirror, unsigned guest, uint32_t serial,
                 uint16_t pid, bool set)
{
    struct mirror_guest *g = &mirror->guests[guest];
    unsigned index = due_find(g, serial);
    if (index == g->due_count) return;
    g->dues[index].pid = pid;
    if (!set) return;
    struct mirror_due due = g->dues[index];
    unsigned last = window_count(g) - 1;
    memmove(&g->dues[index], &g->dues[index + 1], (last - index) * sizeof(due));
    while (last > 0 && g->dues[last - 1].pid > pid) {
        g->dues[last] = g->dues[last - 1];
        last -= 1;
    }
    g->dues[last] = due;
}

void mirror_acknowledge(struct mirror *mirror, unsigned guest, uint32_t serial,
                        bool refuse)
{
    struct mirror_guest *g = &mirror->guests[guest];
    unsigned index = due_find(g, serial);
    assert(index < g->due_count);
    struct mirror_due *due = &g->dues[index];
    assert(due->in_window && due->state != MIRROR_QUEUED);
    if (due->qos == 2 && due->state == MIRROR_SENT && !refuse) {
        due->state = MIRROR_RECEIVED;
        flow_add(mirror, g, due, true, 0);
        return;
    }
    due_remove(g, index);
    pump(mirror, g, 0);
}
