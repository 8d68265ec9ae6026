/* watch.h - a stranger on the wire: knows what the client said, whatever that
 * was, and holds every packet of the broker against it.
 *
 *     client ---- watch_said ----> broker
 *            <--- watch_heard ----
 *
 * The broker may send what a server of the client's version may: whole packets,
 * CONNACK first, nothing behind DISCONNECT or a refusal, nothing larger than
 * Maximum Packet Size, no more in flight than Receive Maximum, no packet id in
 * flight twice, no unknown alias, and no answer to what was not asked.
 */
#ifndef MOGI_FUZZ_WATCH_H
#define MOGI_FUZZ_WATCH_H

#include "base/buffer.h"
#include "fuzz.h"
#include "wire/ack.h"
#include "wire/connack.h"
#include "wire/connect.h"
#include "wire/disconnect.h"
#include "wire/ping.h"
#include "wire/publish.h"
#include "wire/reason.h"
#include "wire/subscribe.h"
#include "wire/topic.h"

enum { WATCH_TERMS_MAX = 512, WATCH_ALIASES = 64 };

/* Something open between the two: an answer of this type for this packet id
 * that the broker may give, or (PUBLISH) a message that the client has not
 * settled. */
struct term {
    enum packet_type type;
    uint16_t id;
    uint32_t detail; /* SUBACK, UNSUBACK: codes; PUBLISH: QoS */
    bool received;   /* PUBLISH: the client said PUBREC */
};

struct watch {
    enum protocol protocol; /* MQTT_NONE before CONNECT */
    bool deaf;              /* the client says what nobody understands */
    bool greeted, resumed, refused, dismissed;
    bool problem_info;
    uint32_t packet_max, receive_max, alias_max;
    uint64_t aliases; /* bit by alias: it stands for something */
    uint32_t flying;
    struct buffer said;
    struct term terms[WATCH_TERMS_MAX];
    size_t term_count;
};

/* A new connection; `pool` is for the bytes of half packets. */
static void watch_init(struct watch *w, struct pool *pool)
{
    memset(w, 0, sizeof *w);
    buffer_init(&w->said, pool);
    w->problem_info = true;
    w->packet_max = UINT32_MAX;
    w->receive_max = UINT16_MAX;
}

static void watch_fini(struct watch *w)
{
    buffer_fini(&w->said);
}

static struct term *watch_find(struct watch *w, enum packet_type type,
                               uint16_t id)
{
    for (size_t i = 0; i < w->term_count; i++) {
        if (w->terms[i].type == type && w->terms[i].id == id)
            return &w->terms[i];
    }
    return NULL;
}

static void watch_open(struct watch *w, enum packet_type type, uint16_t id,
                       uint32_t detail)
{
    /* More are asked than are kept: look at this client no further. */
    if (w->term_count == WATCH_TERMS_MAX) {
        w->deaf = true;
        return;
    }
    w->terms[w->term_count++] = (struct term){type, id, detail, false};
}

/* The others stay in order: a client may ask twice under one id, and answers
 * come in the order of the questions. */
static void watch_close(struct watch *w, struct term *term)
{
    if (term->type == PACKET_PUBLISH) w->flying -= 1;
    w->term_count -= 1;
    size_t behind = w->term_count - (size_t)(term - w->terms);
    memmove(term, term + 1, behind * sizeof *term);
}

/* --- what the client says ------------------------------------------------ */

static void said_connect(struct watch *w, const struct frame *f)
{
    struct connect c;
    bool again = w->protocol != MQTT_NONE;
    enum err e = connect_decode(f, &c);
    if (again || e != OK) w->deaf = true;
    if (again) return;
    w->protocol = c.protocol;
    if (e != OK || c.protocol != MQTT_50) return;
    w->problem_info = c.properties.request_problem_info != 0;
    w->packet_max = c.properties.packet_size_max;
    w->receive_max = c.properties.receive_max;
    w->alias_max = c.properties.topic_alias_max;
}

static void said_publish(struct watch *w, const struct frame *f)
{
    struct publish p;
    enum err e = publish_decode(f, w->protocol, &p);
    if (e != OK) {
        w->deaf = true;
    } else if (p.qos > 0) {
        watch_open(w, p.qos == 1 ? PACKET_PUBACK : PACKET_PUBREC, p.packet_id,
                   0);
    }
}

static void said_ack(struct watch *w, const struct frame *f)
{
    struct ack a;
    if (ack_decode(f, w->protocol, &a) != OK) {
        w->deaf = true;
        return;
    }
    if (a.type == PACKET_PUBREL) {
        watch_open(w, PACKET_PUBCOMP, a.packet_id, 0);
        return;
    }
    struct term *term = watch_find(w, PACKET_PUBLISH, a.packet_id);
    if (a.type == PACKET_PUBREC) {
        watch_open(w, PACKET_PUBREL, a.packet_id, 0);
        if (term != NULL && term->detail == 2) term->received = true;
        if (a.reason < REASON_FAILURE) return;
    }
    bool qos1 = a.type == PACKET_PUBACK;
    if (term != NULL && (term->detail == 1) == qos1) watch_close(w, term);
}

static void said_subscribe(struct watch *w, const struct frame *f)
{
    struct subscribe s;
    if (subscribe_decode(f, w->protocol, &s) != OK) {
        w->deaf = true;
        return;
    }
    bool on = s.type == PACKET_SUBSCRIBE;
    bool codes = on || w->protocol == MQTT_50;
    watch_open(w, on ? PACKET_SUBACK : PACKET_UNSUBACK, s.packet_id,
               codes ? (uint32_t)s.count : 0);
}

/* Shown with FUZZ_TRACE=1 in the environment, as the world's own story. */
static void watch_trace(const struct watch *w, const char *who,
                        const struct frame *f)
{
    if (getenv("FUZZ_TRACE") == NULL) return;
    fprintf(stderr, "  %p %s %s %zu:", (const void *)w, who,
            packet_name(f->type), f->size);
    for (size_t i = 0; i < f->body.size && i < 40; i++)
        fprintf(stderr, " %02x", f->body.data[i]);
    fputc('\n', stderr);
}

static void said_frame(struct watch *w, const struct frame *f)
{
    watch_trace(w, "->", f);
    if (w->protocol == MQTT_NONE && f->type != PACKET_CONNECT) {
        w->deaf = true;
        return;
    }
    switch (f->type) {
    case PACKET_CONNECT: said_connect(w, f); break;
    case PACKET_PUBLISH: said_publish(w, f); break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: said_ack(w, f); break;
    case PACKET_SUBSCRIBE:
    case PACKET_UNSUBSCRIBE: said_subscribe(w, f); break;
    case PACKET_PINGREQ: watch_open(w, PACKET_PINGRESP, 0, 0); break;
    default: w->deaf = true; break;
    }
}

/* The client sends `bytes`, any at all. */
static void watch_said(struct watch *w, struct bytes bytes)
{
    struct frame f;
    if (w->deaf) return;
    buffer_append(&w->said, bytes);
    struct bytes in = buffer_bytes(&w->said);
    enum err e = OK;
    while (!w->deaf && e == OK) {
        e = frame_next(in, w->protocol, UINT32_MAX, &f);
        if (e != OK) break;
        said_frame(w, &f);
        in = bytes_skip(in, f.size);
    }
    if (e != OK && e != ERR_MORE) w->deaf = true;
    buffer_consume(&w->said, w->said.size - in.size);
}

/* --- what the broker says ------------------------------------------------ */

static void heard_connack(struct watch *w, const struct frame *f)
{
    struct connack c;
    PROMISE(connack_decode(f, w->protocol, &c) == OK);
    PROMISE(!w->greeted);
    w->greeted = c.code == 0;
    w->refused = c.code != 0;
    w->resumed = c.session_present || w->protocol == MQTT_31;
}

static void check_alias(struct watch *w, const struct publish *p)
{
    uint32_t alias = p->properties.topic_alias;
    if (alias == 0) return;
    PROMISE(alias <= w->alias_max && alias < WATCH_ALIASES);
    uint64_t bit = (uint64_t)1 << alias;
    if (p->topic.size > 0) w->aliases |= bit;
    PROMISE(w->aliases & bit);
}

static void heard_publish(struct watch *w, const struct frame *f)
{
    struct publish p;
    PROMISE(publish_decode(f, w->protocol, &p) == OK);
    PROMISE(p.topic.size == 0 || topic_name_valid(p.topic));
    check_alias(w, &p);
    PROMISE(!p.dup || w->resumed);
    if (p.qos == 0) return;
    PROMISE(watch_find(w, PACKET_PUBLISH, p.packet_id) == NULL);
    watch_open(w, PACKET_PUBLISH, p.packet_id, p.qos);
    w->flying += 1;
    PROMISE(w->flying <= w->receive_max);
}

/* An answer for which there must be a question; its term, by now closed. */
static struct term heard_answer(struct watch *w, enum packet_type type,
                                uint16_t id)
{
    struct term *term = watch_find(w, type, id);
    PROMISE(term != NULL);
    struct term answered = *term;
    watch_close(w, term);
    return answered;
}

static void check_problem_info(const struct watch *w, struct bytes region)
{
    PROMISE(w->problem_info || region.size == 0);
}

static void heard_ack(struct watch *w, const struct frame *f)
{
    struct ack a;
    PROMISE(ack_decode(f, w->protocol, &a) == OK);
    check_problem_info(w, a.properties);
    /* The first PUBREL of a resumed session answers an earlier connection. */
    if (a.type == PACKET_PUBREL && w->resumed &&
        watch_find(w, a.type, a.packet_id) == NULL) {
        return;
    }
    (void)heard_answer(w, a.type, a.packet_id);
}

static void heard_suback(struct watch *w, const struct frame *f)
{
    struct suback s;
    PROMISE(suback_decode(f, w->protocol, &s) == OK);
    check_problem_info(w, s.properties);
    struct term term = heard_answer(w, s.type, s.packet_id);
    PROMISE(s.codes.size == term.detail);
}

static void heard_disconnect(struct watch *w, const struct frame *f)
{
    struct disconnect d;
    PROMISE(w->protocol == MQTT_50);
    PROMISE(disconnect_decode(f, w->protocol, &d) == OK);
    PROMISE(d.reason >= REASON_FAILURE);
    w->dismissed = true;
}

static void heard_frame(struct watch *w, const struct frame *f)
{
    watch_trace(w, "<-", f);
    PROMISE(!w->refused && !w->dismissed);
    PROMISE(f->size <= w->packet_max);
    PROMISE((f->type == PACKET_CONNACK) == !w->greeted);
    if (w->term_count == WATCH_TERMS_MAX) return;
    switch (f->type) {
    case PACKET_CONNACK: heard_connack(w, f); break;
    case PACKET_PUBLISH: heard_publish(w, f); break;
    case PACKET_PUBACK:
    case PACKET_PUBREC:
    case PACKET_PUBREL:
    case PACKET_PUBCOMP: heard_ack(w, f); break;
    case PACKET_SUBACK:
    case PACKET_UNSUBACK: heard_suback(w, f); break;
    case PACKET_PINGRESP:
        PROMISE(ping_decode(f) == OK);
        (void)heard_answer(w, PACKET_PINGRESP, 0);
        break;
    case PACKET_DISCONNECT: heard_disconnect(w, f); break;
    default: PROMISE(false);
    }
}

/* The broker sent what `in` begins with. Returns how many bytes of it were
 * whole packets. */
static size_t watch_heard(struct watch *w, struct bytes in)
{
    struct frame f;
    size_t size = in.size;
    while (in.size > 0) {
        PROMISE(w->protocol != MQTT_NONE);
        enum err e = frame_next(in, w->protocol, UINT32_MAX, &f);
        if (e == ERR_MORE) break;
        PROMISE(e == OK);
        heard_frame(w, &f);
        in = bytes_skip(in, f.size);
    }
    return size - in.size;
}

#endif
