/* bench.h - shards on a bench: what connections say goes in, what the shards
 * send is read back packet by packet.
 *
 *     bench_say --> [ shard 0 | shard 1 | ... ] --> heard, packet by packet
 *                        +--- mail ---+
 *
 * It is the least host there can be: each event is a turn of its own, a turn's
 * batch is on disk at once (unless `hold_commits`), mail arrives in the order
 * in which it was pushed (but none at a shard that is `deaf`), output is
 * written at once (unless the connection is `stuck`). Time stands still but for
 * bench_wait. When it is taken down, all memory must have come back.
 */
#ifndef MOGI_TEST_BENCH_H
#define MOGI_TEST_BENCH_H

#include "check.h"
#include "core/actions.h"
#include "core/event.h"
#include "core/message.h"
#include "core/options.h"
#include "core/shard.h"
#include "unit_pool.h"
#include "wire/ack.h"
#include "wire/connack.h"
#include "wire/connect.h"
#include "wire/disconnect.h"
#include "wire/ping.h"
#include "wire/publish.h"
#include "wire/reason.h"
#include "wire/subscribe.h"

enum { BENCH_CONNS = 64, BENCH_SHARDS = 3, BENCH_PACKET = 256 * 1024 };

static const struct hash_key bench_key = {7, 11};

/* One connection, as its peer sees it. */
struct bench_conn {
    uint16_t shard; /* that has it now */
    uint8_t protocol;
    bool open;   /* the shard knows it */
    bool linger; /* how it was closed */
    bool paused;
    bool stuck;         /* what is sent to it is not written */
    unsigned marks;     /* DRAINED that it has coming */
    unsigned referred;  /* SENDs with a shared body */
    size_t heard_total; /* bytes, ever */
    struct buffer heard;
    size_t used;
};

struct bench_mail {
    struct bench_mail *next;
    uint16_t to;
    struct post post;
    struct buffer packed;
};

struct bench {
    uint32_t asked;     /* the last question; 0: none */
    struct pool *pool;  /* of the shards */
    struct pool *paper; /* of the bench itself */
    size_t base;        /* bytes in `pool` before there was a shard */
    struct options options;
    uint16_t count;
    uint64_t now_ms;
    uint64_t luck;
    struct shard *shards[BENCH_SHARDS];
    uint64_t batches[BENCH_SHARDS];
    bool deaf[BENCH_SHARDS]; /* gets no mail for now */
    bool hold_commits;
    bool uncommitted[BENCH_SHARDS];
    struct actions actions;
    struct bench_mail *mail; /* oldest first */
    struct bench_conn conns[BENCH_CONNS];
    uint32_t conn_count;
    unsigned notes[NOTE_KINDS];
    unsigned puts, dels, posts;
    unsigned loads; /* that nobody answers: there is no disk */
};

/* --- doing what shards want ---------------------------------------------- */

CHECK_UNUSED static void bench_mail(struct bench *b, uint16_t to,
                                    struct post *post, struct bytes packed)
{
    REQUIRE(to < b->count);
    struct bench_mail *mail = pool_take(b->paper, sizeof *mail);
    *mail = (struct bench_mail){.to = to, .post = *post};
    post->body = post->group = NULL;
    buffer_init(&mail->packed, b->paper);
    buffer_append(&mail->packed, packed);
    if (packed.size > 0) mail->post.packed = buffer_bytes(&mail->packed);
    struct bench_mail **at = &b->mail;
    while (*at != NULL)
        at = &(*at)->next;
    *at = mail;
    b->posts++;
}

CHECK_UNUSED static void bench_send(struct bench *b, struct bench_conn *conn,
                                    const struct action *action)
{
    CHECK(conn->open);
    buffer_append(&conn->heard, action_bytes(&b->actions, action));
    conn->heard_total += action->size;
    if (action->body != NULL) {
        struct bytes payload = action->body->message.payload;
        buffer_append(&conn->heard, payload);
        conn->heard_total += payload.size;
        conn->referred++;
    }
    if (action->notify) conn->marks++;
}

static void bench_step(struct bench *b, uint16_t shard, struct event event);

CHECK_UNUSED static void bench_act(struct bench *b, uint16_t shard,
                                   struct action *action, struct bytes *moved)
{
    struct bench_conn *conn = &b->conns[action->conn.v];
    switch ((enum action_kind)action->kind) {
    case ACTION_SEND: bench_send(b, conn, action); return;
    case ACTION_CLOSE:
        CHECK(conn->open && conn->shard == shard);
        conn->open = false;
        conn->linger = action->linger;
        return;
    case ACTION_MOVE:
        CHECK(conn->open && conn->shard == shard && action->shard != shard);
        conn->shard = action->shard;
        *moved = action_bytes(&b->actions, action);
        return;
    case ACTION_PAUSE:
        CHECK(!conn->paused);
        conn->paused = true;
        return;
    case ACTION_RESUME:
        CHECK(conn->paused);
        conn->paused = false;
        return;
    case ACTION_POST:
        bench_mail(b, action->shard, &b->actions.posts[action->post],
                   action_bytes(&b->actions, action));
        return;
    case ACTION_PUT:
    case ACTION_HOLD: b->puts++; return;
    case ACTION_DEL:
    case ACTION_DROP: b->dels++; return;
    case ACTION_LOAD: b->loads++; return;
    case ACTION_NOTE: b->notes[action->note_kind]++; return;
    case ACTION_ASK: b->asked = action->ask; return;
    }
    CHECK(false);
}

/* Let `event` happen on `shard`, and do what comes of it. At most one
 * connection moves in one step. */
static void bench_step(struct bench *b, uint16_t shard, struct event event)
{
    event.now_ms = b->now_ms;
    event.random = b->luck++ * 0x9e3779b97f4a7c15;
    b->actions.batch = b->batches[shard] + 1;
    shard_step(b->shards[shard], &event, &b->actions);
    if (b->actions.put_count > 0) {
        b->batches[shard]++;
        b->uncommitted[shard] = true;
    }
    struct bytes moved = {NULL, 0};
    struct conn_id mover = {0};
    for (size_t i = 0; i < b->actions.count; i++) {
        struct action *action = &b->actions.list[i];
        bench_act(b, shard, action, &moved);
        if (action->kind == ACTION_MOVE) mover = action->conn;
    }
    struct buffer bytes;
    buffer_init(&bytes, b->paper);
    buffer_append(&bytes, moved);
    actions_clear(&b->actions);
    if (bytes.size > 0) {
        uint16_t to = b->conns[mover.v].shard;
        bench_step(b, to, (struct event){.kind = EVENT_OPENED, .conn = mover});
        bench_step(b, to,
                   (struct event){.kind = EVENT_BYTES,
                                  .conn = mover,
                                  .bytes = buffer_bytes(&bytes)});
    }
    buffer_fini(&bytes);
}

/* Hand over the oldest mail to a shard that hears. False: there is none. */
CHECK_UNUSED static bool bench_post(struct bench *b)
{
    struct bench_mail **at = &b->mail;
    while (*at != NULL && b->deaf[(*at)->to])
        at = &(*at)->next;
    struct bench_mail *mail = *at;
    if (mail == NULL) return false;
    *at = mail->next;
    bench_step(b, mail->to,
               (struct event){.kind = EVENT_POSTED, .post = &mail->post});
    buffer_fini(&mail->packed);
    pool_give(b->paper, mail, sizeof *mail);
    return true;
}

CHECK_UNUSED static bool bench_commit(struct bench *b)
{
    for (uint16_t i = 0; i < b->count; i++) {
        if (!b->uncommitted[i] || b->hold_commits) continue;
        b->uncommitted[i] = false;
        bench_step(
            b, i,
            (struct event){.kind = EVENT_COMMITTED, .batch = b->batches[i]});
        return true;
    }
    return false;
}

CHECK_UNUSED static bool bench_drain(struct bench *b)
{
    for (uint32_t i = 0; i < b->conn_count; i++) {
        struct bench_conn *conn = &b->conns[i];
        if (!conn->open || conn->stuck || conn->marks == 0) continue;
        conn->marks--;
        bench_step(b, conn->shard,
                   (struct event){.kind = EVENT_DRAINED, .conn = {i}});
        return true;
    }
    return false;
}

/* Until nothing more happens by itself. */
CHECK_UNUSED static void bench_settle(struct bench *b)
{
    while (bench_commit(b) || bench_post(b) || bench_drain(b)) {
    }
}

/* --- time and life ------------------------------------------------------- */

/* Options that keep out of the way: no $SYS. The test may change them. */
CHECK_UNUSED static struct options bench_options(void)
{
    struct options options;
    options_init(&options);
    options.sys_interval_s = 0;
    return options;
}

CHECK_UNUSED static struct bench *bench_new(uint16_t count,
                                            struct options options)
{
    struct pool *paper = unit_pool();
    struct bench *b = pool_take(paper, sizeof *b);
    b->paper = paper;
    b->pool = unit_pool();
    b->base = pool_bytes(b->pool);
    b->options = options;
    b->count = count;
    b->now_ms = 1000000;
    actions_init(&b->actions, b->pool);
    for (uint16_t i = 0; i < count; i++) {
        struct shard_place place = {i, count, bench_key};
        b->shards[i] = shard_new(b->pool, place, &b->options, b->now_ms);
    }
    return b;
}

/* Take it down, as it stands; all memory must come back. */
CHECK_UNUSED static void bench_free(struct bench *b)
{
    while (b->mail != NULL) {
        struct bench_mail *mail = b->mail;
        b->mail = mail->next;
        post_drop(&mail->post);
        buffer_fini(&mail->packed);
        pool_give(b->paper, mail, sizeof *mail);
    }
    actions_fini(&b->actions);
    for (uint16_t i = 0; i < b->count; i++)
        shard_free(b->shards[i]);
    CHECK_EQ(pool_bytes(b->pool), b->base);
    pool_free(b->pool);
    for (uint32_t i = 0; i < b->conn_count; i++)
        buffer_fini(&b->conns[i].heard);
    struct pool *paper = b->paper;
    pool_give(paper, b, sizeof *b);
    pool_free(paper);
}

/* Let `ms` pass; each shard gets its TICK at the very time it asked for. */
CHECK_UNUSED static void bench_wait(struct bench *b, uint64_t ms)
{
    uint64_t end_ms = b->now_ms + ms;
    for (;;) {
        uint64_t next_ms = UINT64_MAX;
        uint16_t who = 0;
        for (uint16_t i = 0; i < b->count; i++) {
            uint64_t at_ms = shard_deadline_ms(b->shards[i]);
            if (at_ms >= next_ms) continue;
            next_ms = at_ms;
            who = i;
        }
        if (next_ms > end_ms) break;
        if (b->now_ms < next_ms) b->now_ms = next_ms;
        bench_step(b, who, (struct event){.kind = EVENT_TICK});
        bench_settle(b);
    }
    b->now_ms = end_ms;
}

/* The shard at which `id` is at home. */
CHECK_UNUSED static uint16_t bench_home(const struct bench *b, const char *id)
{
    struct shard_place place = {0, b->count, bench_key};
    return place_home(&place, bytes_of(id));
}

/* A client id like "c7" that is at home at `shard`, in `id` of 16 bytes. */
CHECK_UNUSED static const char *bench_id(const struct bench *b, uint16_t shard,
                                         int from, char id[16])
{
    do {
        snprintf(id, 16, "c%d", from++);
    } while (bench_home(b, id) != shard);
    return id;
}

/* --- connections --------------------------------------------------------- */

/* A new connection at `shard`; its number. */
CHECK_UNUSED static uint32_t bench_open(struct bench *b, uint16_t shard)
{
    REQUIRE(b->conn_count < BENCH_CONNS);
    uint32_t number = b->conn_count++;
    struct bench_conn *conn = &b->conns[number];
    *conn = (struct bench_conn){.shard = shard, .open = true};
    buffer_init(&conn->heard, b->paper);
    bench_step(b, shard,
               (struct event){.kind = EVENT_OPENED, .conn = {number}});
    return number;
}

/* The client says `bytes`; nothing else happens yet. */
CHECK_UNUSED static void bench_put(struct bench *b, uint32_t number,
                                   struct bytes bytes)
{
    /* At the end of its memory: what reads past it is seen. */
    uint8_t *copy = malloc(bytes.size + (bytes.size == 0));
    memcpy(copy, bytes.data, bytes.size);
    bench_step(b, b->conns[number].shard,
               (struct event){.kind = EVENT_BYTES,
                              .conn = {number},
                              .bytes = bytes_at(copy, bytes.size)});
    free(copy);
}

/* The client says `bytes`, and all that comes of it happens. */
CHECK_UNUSED static void bench_say(struct bench *b, uint32_t number,
                                   struct bytes bytes)
{
    bench_put(b, number, bytes);
    bench_settle(b);
}

/* The network breaks. */
CHECK_UNUSED static void bench_cut(struct bench *b, uint32_t number)
{
    struct bench_conn *conn = &b->conns[number];
    CHECK(conn->open);
    conn->open = false;
    bench_step(b, conn->shard,
               (struct event){.kind = EVENT_CLOSED, .conn = {number}});
    bench_settle(b);
}

/* --- reading ------------------------------------------------------------- */

/* The next packet that the connection got; false when there is none. */
CHECK_UNUSED static bool bench_next(struct bench *b, uint32_t number,
                                    struct frame *frame)
{
    struct bench_conn *conn = &b->conns[number];
    struct bytes in = bytes_skip(buffer_bytes(&conn->heard), conn->used);
    if (in.size == 0) return false;
    enum err e =
        frame_next(in, (enum protocol)conn->protocol, PACKET_SIZE_MAX, frame);
    REQUIRE(e == OK);
    conn->used += frame->size;
    return true;
}

#define BENCH_IS(cond) check_true((cond), #cond, __BASE_FILE__, line)

/* The next packet is of `type`. */
CHECK_UNUSED static struct frame bench_expect_at(struct bench *b,
                                                 uint32_t number,
                                                 enum packet_type type,
                                                 int line)
{
    struct frame frame = {0};
    bool there = bench_next(b, number, &frame);
    if (!BENCH_IS(there && frame.type == type)) {
        fprintf(stderr, "    %s instead of %s\n",
                there ? packet_name(frame.type) : "nothing", packet_name(type));
        exit(1);
    }
    return frame;
}

/* The next packet is PUBLISH. What it points to is valid until more is said. */
CHECK_UNUSED static struct publish bench_publish_at(struct bench *b,
                                                    uint32_t number, int line)
{
    struct frame frame = bench_expect_at(b, number, PACKET_PUBLISH, line);
    struct publish publish;
    enum err e = publish_decode(
        &frame, (enum protocol)b->conns[number].protocol, &publish);
    REQUIRE(e == OK);
    return publish;
}

/* The next is PUBLISH of `topic` and `payload`. */
CHECK_UNUSED static struct publish bench_message_at(struct bench *b,
                                                    uint32_t number,
                                                    const char *topic,
                                                    const char *payload,
                                                    int line)
{
    struct publish p = bench_publish_at(b, number, line);
    bool right = bytes_equal(p.topic, bytes_of(topic)) &&
                 bytes_equal(p.payload, bytes_of(payload));
    if (!BENCH_IS(right)) {
        fprintf(stderr, "    %.*s %.*s instead of %s %s\n", (int)p.topic.size,
                (const char *)p.topic.data,
                (int)(p.payload.size < 64 ? p.payload.size : 64),
                (const char *)p.payload.data, topic, payload);
    }
    return p;
}

/* The next is an acknowledgement of `type`. */
CHECK_UNUSED static void bench_ack_at(struct bench *b, uint32_t number,
                                      enum packet_type type, uint16_t packet_id,
                                      uint8_t reason, int line)
{
    struct frame frame = bench_expect_at(b, number, type, line);
    struct ack ack;
    enum err e =
        ack_decode(&frame, (enum protocol)b->conns[number].protocol, &ack);
    REQUIRE(e == OK);
    if (ack.packet_id == packet_id && ack.reason == reason) return;
    BENCH_IS(ack.packet_id == packet_id && ack.reason == reason);
    fprintf(stderr, "    id %u 0x%02x instead of %u 0x%02x\n", ack.packet_id,
            ack.reason, packet_id, reason);
}

/* The next is SUBACK or UNSUBACK with just this code. */
CHECK_UNUSED static void bench_suback_at(struct bench *b, uint32_t number,
                                         enum packet_type type, uint8_t code,
                                         int line)
{
    struct frame frame = bench_expect_at(b, number, type, line);
    struct suback suback;
    enum err e = suback_decode(&frame, (enum protocol)b->conns[number].protocol,
                               &suback);
    REQUIRE(e == OK);
    BENCH_IS(suback.codes.size == 1 && suback.codes.data[0] == code);
}

/* The next is CONNACK, which says `code`. */
CHECK_UNUSED static struct connack bench_connack_at(struct bench *b,
                                                    uint32_t number,
                                                    uint8_t code, int line)
{
    struct frame frame = bench_expect_at(b, number, PACKET_CONNACK, line);
    struct connack connack;
    enum err e = connack_decode(
        &frame, (enum protocol)b->conns[number].protocol, &connack);
    REQUIRE(e == OK);
    BENCH_IS(connack.code == code);
    return connack;
}

/* It got nothing more, and is open. */
CHECK_UNUSED static void bench_quiet_at(struct bench *b, uint32_t number,
                                        int line)
{
    struct frame frame;
    bool there = bench_next(b, number, &frame);
    if (!BENCH_IS(!there)) {
        fprintf(stderr, "    %s instead of nothing\n", packet_name(frame.type));
    }
    if (BENCH_IS(b->conns[number].open)) return;
    fprintf(stderr, "    line %d\n", line);
}

/* It got DISCONNECT with `reason` (0: not even that), and was closed. */
CHECK_UNUSED static void bench_closed_at(struct bench *b, uint32_t number,
                                         uint8_t reason, int line)
{
    if (reason != 0) {
        struct frame f = bench_expect_at(b, number, PACKET_DISCONNECT, line);
        struct disconnect disconnect;
        REQUIRE(disconnect_decode(&f, MQTT_50, &disconnect) == OK);
        if (!BENCH_IS(disconnect.reason == reason)) {
            fprintf(stderr, "    0x%02x\n", disconnect.reason);
        }
    }
    struct frame frame;
    if (BENCH_IS(!bench_next(b, number, &frame) && !b->conns[number].open))
        return;
    fprintf(stderr, "    line %d\n", line);
}

#define EXPECT(b, number, type)   bench_expect_at(b, number, type, __LINE__)
#define EXPECT_PUBLISH(b, number) bench_publish_at(b, number, __LINE__)
#define EXPECT_MESSAGE(b, number, topic, payload)                              \
    bench_message_at(b, number, topic, payload, __LINE__)
#define EXPECT_ACK(b, number, type, id, reason)                                \
    bench_ack_at(b, number, type, id, reason, __LINE__)
#define EXPECT_SUBACK(b, number, code)                                         \
    bench_suback_at(b, number, PACKET_SUBACK, code, __LINE__)
#define EXPECT_UNSUBACK(b, number, code)                                       \
    bench_suback_at(b, number, PACKET_UNSUBACK, code, __LINE__)
#define EXPECT_CONNACK(b, number, code)                                        \
    bench_connack_at(b, number, code, __LINE__)
#define EXPECT_QUIET(b, number) bench_quiet_at(b, number, __LINE__)
#define EXPECT_CLOSED(b, number, reason)                                       \
    bench_closed_at(b, number, reason, __LINE__)

/* --- saying -------------------------------------------------------------- */

/* Who comes, and how; what is left out is the default of MQTT. */
struct visit {
    const char *id;
    enum protocol protocol; /* MQTT_50 when left out */
    bool keep;              /* the session: clean start is not asked for */
    uint32_t expiry_s;
    uint16_t keepalive_s;
    uint16_t receive_max;
    uint16_t alias_max;
    uint32_t packet_max;
    uint16_t at; /* the shard that accepts the connection */
    struct connect_will will;
};

/* Bytes of the next packet to say; valid until the next call. */
CHECK_UNUSED static struct bytes bench_written(const struct writer *w)
{
    REQUIRE(!w->failed);
    return writer_bytes(w);
}

CHECK_UNUSED static struct writer bench_paper(void)
{
    static uint8_t room[BENCH_PACKET];
    return writer_at(room, sizeof room);
}

CHECK_UNUSED static struct bytes bench_connect(const struct visit *v)
{
    uint8_t space[64];
    struct writer p = writer_at(space, sizeof space);
    if (v->expiry_s > 0)
        property_write_number(&p, PROPERTY_SESSION_EXPIRY, v->expiry_s);
    if (v->receive_max > 0)
        property_write_number(&p, PROPERTY_RECEIVE_MAX, v->receive_max);
    if (v->packet_max > 0)
        property_write_number(&p, PROPERTY_PACKET_SIZE_MAX, v->packet_max);
    if (v->alias_max > 0)
        property_write_number(&p, PROPERTY_TOPIC_ALIAS_MAX, v->alias_max);
    struct connect c = {
        .protocol = v->protocol == MQTT_NONE ? MQTT_50 : v->protocol,
        .clean_start = !v->keep,
        .keep_alive_s = v->keepalive_s,
        .client_id = bytes_of(v->id),
        .will = v->will,
    };
    if (c.protocol == MQTT_50) c.properties = properties_of(writer_bytes(&p));
    struct writer w = bench_paper();
    connect_encode(&c, &w);
    return bench_written(&w);
}

/* Open a connection and say CONNECT; its number. */
CHECK_UNUSED static uint32_t bench_knock(struct bench *b, struct visit v)
{
    uint32_t number = bench_open(b, v.at);
    b->conns[number].protocol =
        v.protocol == MQTT_NONE ? MQTT_50 : (uint8_t)v.protocol;
    bench_say(b, number, bench_connect(&v));
    return number;
}

/* The same, and it is let in. */
CHECK_UNUSED static uint32_t bench_enter(struct bench *b, struct visit v)
{
    uint32_t number = bench_knock(b, v);
    EXPECT_CONNACK(b, number, 0);
    return number;
}

/* PUBLISH in the version of connection `number`. */
CHECK_UNUSED static struct bytes bench_publish(const struct bench *b,
                                               uint32_t number,
                                               const struct publish_out *p)
{
    struct writer w = bench_paper();
    publish_encode(p, (enum protocol)b->conns[number].protocol, &w);
    return bench_written(&w);
}

/* Publish `payload` on `topic`, QoS 0. */
CHECK_UNUSED static void bench_tell(struct bench *b, uint32_t number,
                                    const char *topic, const char *payload)
{
    struct publish_out p = {.topic = bytes_of(topic),
                            .payload = bytes_of(payload)};
    bench_say(b, number, bench_publish(b, number, &p));
}

/* The same, retained. */
CHECK_UNUSED static void bench_retain(struct bench *b, uint32_t number,
                                      const char *topic, const char *payload)
{
    struct publish_out p = {
        .topic = bytes_of(topic), .payload = bytes_of(payload), .retain = true};
    bench_say(b, number, bench_publish(b, number, &p));
}

/* Publish with QoS 1 or 2 under `packet_id`. */
CHECK_UNUSED static void bench_promise(struct bench *b, uint32_t number,
                                       const char *topic, const char *payload,
                                       uint8_t qos, uint16_t packet_id)
{
    struct publish_out p = {.topic = bytes_of(topic),
                            .payload = bytes_of(payload),
                            .qos = qos,
                            .packet_id = packet_id};
    bench_say(b, number, bench_publish(b, number, &p));
}

/* Say an acknowledgement. */
CHECK_UNUSED static void bench_ack(struct bench *b, uint32_t number,
                                   enum packet_type type, uint16_t packet_id,
                                   uint8_t reason)
{
    struct ack ack = {.type = type, .packet_id = packet_id, .reason = reason};
    struct writer w = bench_paper();
    ack_encode(&ack, (enum protocol)b->conns[number].protocol, &w);
    bench_say(b, number, bench_written(&w));
}

/* SUBSCRIBE to one filter, under packet id 9. */
CHECK_UNUSED static struct bytes bench_filter(const struct bench *b,
                                              uint32_t number,
                                              struct subscribe_filter f,
                                              uint32_t identifier)
{
    uint8_t space[512], id[8];
    struct writer p = writer_at(id, sizeof id);
    if (identifier > 0)
        property_write_number(&p, PROPERTY_SUBSCRIPTION_ID, identifier);
    struct writer list = writer_at(space, sizeof space);
    subscribe_filter_write(&list, &f);
    struct subscribe s = {.type = PACKET_SUBSCRIBE,
                          .packet_id = 9,
                          .filters = bench_written(&list)};
    s.properties = properties_of(writer_bytes(&p));
    struct writer w = bench_paper();
    subscribe_encode(&s, (enum protocol)b->conns[number].protocol, &w);
    return bench_written(&w);
}

/* Subscribe, and be granted just that. */
CHECK_UNUSED static void bench_want(struct bench *b, uint32_t number,
                                    const char *filter, uint8_t qos)
{
    struct subscribe_filter f = {.filter = bytes_of(filter), .qos = qos};
    bench_say(b, number, bench_filter(b, number, f, 0));
    EXPECT_SUBACK(b, number, qos);
}

/* UNSUBSCRIBE from one filter. */
CHECK_UNUSED static struct bytes bench_unfilter(const struct bench *b,
                                                uint32_t number,
                                                const char *filter)
{
    uint8_t space[512];
    struct writer list = writer_at(space, sizeof space);
    unsubscribe_filter_write(&list, bytes_of(filter));
    struct subscribe s = {.type = PACKET_UNSUBSCRIBE,
                          .packet_id = 9,
                          .filters = bench_written(&list)};
    struct writer w = bench_paper();
    subscribe_encode(&s, (enum protocol)b->conns[number].protocol, &w);
    return bench_written(&w);
}

CHECK_UNUSED static struct bytes bench_disconnect(const struct bench *b,
                                                  uint32_t number,
                                                  uint8_t reason)
{
    struct disconnect d = {.reason = reason};
    struct writer w = bench_paper();
    disconnect_encode(&d, (enum protocol)b->conns[number].protocol, &w);
    return bench_written(&w);
}

/* Say DISCONNECT with `reason`; it is closed without a word. */
CHECK_UNUSED static void bench_leave(struct bench *b, uint32_t number,
                                     uint8_t reason)
{
    bench_say(b, number, bench_disconnect(b, number, reason));
    EXPECT_CLOSED(b, number, 0);
}

#endif
