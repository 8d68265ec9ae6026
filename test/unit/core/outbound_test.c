/* outbound_test.c - queue and window of one client. */
#include "bench.h"
#include "core/outbound.h"
#include "core/session.h"
#include "core/state.h"

static const struct visit FROM = {.id = "from"};

/* The outbound part of client "to". */
static const struct outbound *outbound_of(struct bench *b)
{
    struct session *session = session_find(b->shards[0], bytes_of("to"));
    REQUIRE(session != NULL);
    return session->outbound;
}

/* A publisher, and a client that wants "t" at QoS 2. */
static struct bench *pair(struct options options, uint32_t *from, uint32_t *to,
                          struct visit v)
{
    struct bench *b = bench_new(1, options);
    *from = bench_enter(b, FROM);
    v.id = "to";
    *to = bench_enter(b, v);
    bench_want(b, *to, "t", 2);
    return b;
}

/* Publish `first`..`last` as payloads at `qos`, and take the receipts. */
static void tell(struct bench *b, uint32_t from, int first, int last,
                 uint8_t qos)
{
    for (int i = first; i <= last; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        bench_promise(b, from, "t", text, qos, qos > 0);
        if (qos > 0) EXPECT(b, from, qos == 1 ? PACKET_PUBACK : PACKET_PUBREC);
        if (qos == 2) {
            bench_ack(b, from, PACKET_PUBREL, 1, 0);
            EXPECT_ACK(b, from, PACKET_PUBCOMP, 1, 0);
        }
    }
}

/* The next message is `number`; its packet id. */
static uint16_t expect(struct bench *b, uint32_t to, int number, bool dup)
{
    char text[8];
    snprintf(text, sizeof text, "%d", number);
    struct publish p = EXPECT_MESSAGE(b, to, "t", text);
    CHECK_EQ(p.dup, dup);
    return p.packet_id;
}

/* [MQTT-3.3.4-9]; also when the resumed session comes back with a smaller one.
 * [MQTT-4.4.0-1] */
static void window(void)
{
    struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 3};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    tell(b, from, 1, 5, 1);
    uint16_t ids[4] = {0};
    for (int i = 1; i <= 3; i++)
        ids[i] = expect(b, to, i, false);
    EXPECT_QUIET(b, to);
    bench_cut(b, to);
    v.id = "to";
    v.receive_max = 1;
    to = bench_enter(b, v);
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(expect(b, to, i, true), ids[i]);
        EXPECT_QUIET(b, to);
        bench_ack(b, to, PACKET_PUBACK, ids[i], 0);
    }
    for (int i = 4; i <= 5; i++) {
        uint16_t id = expect(b, to, i, false);
        EXPECT_QUIET(b, to);
        bench_ack(b, to, PACKET_PUBACK, id, 0);
    }
    CHECK_EQ(outbound_of(b)->ids.used, 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED], 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED_BYTES], 0);
    bench_free(b);
}

/* PUBREC with an error ends the message and gives its place back. */
static void refused_by_client(void)
{
    struct visit v = {.receive_max = 1};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    tell(b, from, 1, 2, 2);
    uint16_t id = expect(b, to, 1, false);
    bench_ack(b, to, PACKET_PUBREC, id, REASON_QUOTA_EXCEEDED);
    id = expect(b, to, 2, false);
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBREC, id, REASON_SUCCESS);
    EXPECT_ACK(b, to, PACKET_PUBREL, id, 0);
    bench_ack(b, to, PACKET_PUBCOMP, id, 0);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* After PUBREC only PUBREL is sent, on the next connection too, in order. */
static void resumed_qos2(void)
{
    struct visit v = {.keep = true, .expiry_s = 60};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    tell(b, from, 1, 3, 2);
    uint16_t first = expect(b, to, 1, false);
    uint16_t second = expect(b, to, 2, false);
    uint16_t third = expect(b, to, 3, false);
    bench_ack(b, to, PACKET_PUBREC, second, 0);
    EXPECT_ACK(b, to, PACKET_PUBREL, second, 0);
    bench_cut(b, to);
    v.id = "to";
    to = bench_enter(b, v);
    CHECK_EQ(expect(b, to, 1, true), first);
    EXPECT_ACK(b, to, PACKET_PUBREL, second, 0);
    CHECK_EQ(expect(b, to, 3, true), third);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* Ids count up to 65,535, begin again, and pass over one that is in flight. */
static void ids_wrap(void)
{
    struct visit v = {.receive_max = 3};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    tell(b, from, 1, 1, 1);
    uint16_t stuck = expect(b, to, 1, false);
    uint32_t seen = 0, largest = 0, turns = 0;
    uint16_t last = stuck;
    for (int i = 0; i < 66000; i++) {
        tell(b, from, i, i, 1);
        uint16_t id = expect(b, to, i, false);
        if (id == stuck || id == 0) seen++;
        if (id < last) turns++;
        if (id > largest) largest = id;
        last = id;
        bench_ack(b, to, PACKET_PUBACK, id, 0);
    }
    CHECK_EQ(seen, 0);
    CHECK_EQ(turns, 1);
    CHECK(largest > 65530);
    bench_ack(b, to, PACKET_PUBACK, stuck, 0);
    CHECK_EQ(outbound_of(b)->ids.used, 0);
    bench_free(b);
}

/* All ids at once: the window holds 65,535, and each id once. */
static void ids_all(void)
{
    struct options options = bench_options();
    options.max_inflight_messages = 0;
    options.max_queued_messages = 0;
    uint32_t from, to;
    struct bench *b = pair(options, &from, &to, (struct visit){0});
    static bool used[65536];
    memset(used, 0, sizeof used);
    b->conns[to].heard.size = 0;
    b->conns[to].used = 0;
    for (int i = 1; i <= 65536; i++)
        tell(b, from, 0, 0, 1);
    CHECK_EQ(outbound_of(b)->window_count, 65535);
    CHECK_EQ(outbound_of(b)->queue_count, 1);
    for (int i = 1; i <= 65535; i++) {
        uint16_t id = expect(b, to, 0, false);
        if (used[id]) CHECK(!used[id]);
        used[id] = true;
    }
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBACK, 777, 0);
    CHECK_EQ(expect(b, to, 0, false), 777);
    bench_free(b);
}

static void away(struct bench *b, uint32_t to, struct visit *v)
{
    bench_cut(b, to);
    v->id = "to";
}

/* A full queue drops the newest, or, if so told, the oldest; it says so once,
 * and counts each. */
static void overflow(void)
{
    static const enum overflow POLICIES[] = {OVERFLOW_NEWEST, OVERFLOW_OLDEST};
    for (int policy = 0; policy < 2; policy++) {
        struct options options = bench_options();
        options.max_queued_messages = 3;
        options.queue_overflow = POLICIES[policy];
        struct visit v = {.keep = true, .expiry_s = 60};
        uint32_t from, to;
        struct bench *b = pair(options, &from, &to, v);
        away(b, to, &v);
        tell(b, from, 1, 5, 1);
        CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 2);
        CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED], 3);
        CHECK_EQ(b->notes[NOTE_DROPPED], 1);
        to = bench_enter(b, v);
        for (int i = 1; i <= 3; i++)
            expect(b, to, i + 2 * policy, false);
        EXPECT_QUIET(b, to);
        bench_free(b);
    }
}

/* The oldest that goes is one that was never sent, and what was sent takes no
 * place. */
static void overflow_spares_sent(void)
{
    struct options options = bench_options();
    options.max_queued_messages = 3;
    options.queue_overflow = OVERFLOW_OLDEST;
    struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 2};
    uint32_t from, to;
    struct bench *b = pair(options, &from, &to, v);
    tell(b, from, 1, 4, 1);
    expect(b, to, 1, false);
    expect(b, to, 2, false);
    away(b, to, &v);
    tell(b, from, 5, 9, 1);
    to = bench_enter(b, v);
    for (int i = 1; i <= 2; i++)
        bench_ack(b, to, PACKET_PUBACK, expect(b, to, i, true), 0);
    for (int i = 7; i <= 9; i++)
        bench_ack(b, to, PACKET_PUBACK, expect(b, to, i, false), 0);
    EXPECT_QUIET(b, to);
    bench_free(b);
}

static void overflow_bytes(void)
{
    struct options options = bench_options();
    options.max_queued_bytes = 6;
    struct visit v = {.keep = true, .expiry_s = 60};
    uint32_t from, to;
    struct bench *b = pair(options, &from, &to, v);
    away(b, to, &v);
    tell(b, from, 8, 10, 1);
    bench_promise(b, from, "t", "long", 1, 1);
    bench_promise(b, from, "t", "ab", 1, 1);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 1);
    CHECK_EQ(b->shards[0]->stats.v[STAT_QUEUED_BYTES], 6);
    to = bench_enter(b, v);
    for (int i = 8; i <= 10; i++)
        expect(b, to, i, false);
    EXPECT_MESSAGE(b, to, "t", "ab");
    bench_free(b);
}

/* Payloads in flight are bounded, but for the first. */
static void inflight_bytes(void)
{
    struct options options = bench_options();
    options.max_inflight_bytes = 4;
    uint32_t from, to;
    struct bench *b = pair(options, &from, &to, (struct visit){0});
    tell(b, from, 10000, 10000, 1);
    tell(b, from, 20, 22, 1);
    uint16_t id = expect(b, to, 10000, false);
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    id = expect(b, to, 20, false);
    expect(b, to, 21, false);
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    expect(b, to, 22, false);
    bench_free(b);
}

/* A message that expires in the queue takes no place; one that was sent is sent
 * again though it is old. [MQTT-3.3.2-5] */
static void expired(void)
{
    struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 1};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    for (int i = 0; i < 3; i++) {
        struct publish_out p = {.topic = bytes_of("t"),
                                .payload = bytes_at(&"012"[i], 1),
                                .qos = 1,
                                .packet_id = 1,
                                .has_message_expiry = i < 2,
                                .message_expiry_s = 10};
        bench_say(b, from, bench_publish(b, from, &p));
    }
    CHECK_EQ(EXPECT_MESSAGE(b, to, "t", "0").properties.message_expiry_s, 10);
    bench_wait(b, 10001);
    away(b, to, &v);
    to = bench_enter(b, v);
    struct publish again = EXPECT_MESSAGE(b, to, "t", "0");
    CHECK(again.dup);
    bench_ack(b, to, PACKET_PUBACK, again.packet_id, 0);
    EXPECT_MESSAGE(b, to, "t", "2");
    EXPECT_QUIET(b, to);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 1);
    bench_free(b);
}

/* Too large for the client: dropped, and its place is free again. */
static void too_large(void)
{
    struct visit v = {.receive_max = 1, .packet_max = 30};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    bench_promise(b, from, "t", "this is far more than thirty bytes", 1, 1);
    tell(b, from, 1, 0, 1);
    EXPECT(b, from, PACKET_PUBACK);
    tell(b, from, 1, 2, 1);
    uint16_t id = expect(b, to, 1, false);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    expect(b, to, 2, false);
    CHECK_EQ(b->shards[0]->stats.v[STAT_PUBLISH_DROPPED], 1);
    bench_free(b);
}

/* QoS 0 is kept for who is away only if so told, and then in order: what comes
 * live does not overtake what waits. [MQTT-4.6.0-6] */
static void qos0_queued(void)
{
    struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 1};
    struct options options = bench_options();
    uint32_t from, to;
    struct bench *b = pair(options, &from, &to, v);
    away(b, to, &v);
    tell(b, from, 1, 2, 0);
    b->options.queue_qos0_messages = true;
    tell(b, from, 3, 4, 1);
    tell(b, from, 5, 6, 0);
    to = bench_enter(b, v);
    uint16_t id = expect(b, to, 3, false);
    tell(b, from, 7, 7, 0);
    EXPECT_QUIET(b, to);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    id = expect(b, to, 4, false);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    for (int i = 5; i <= 7; i++)
        expect(b, to, i, false);
    tell(b, from, 8, 8, 0);
    expect(b, to, 8, false);
    bench_free(b);
}

/* Who gets QoS 0 alone needs no outbound of its own; it comes with what has to
 * be kept, goes with the connection once all is done, and packet ids count on.
 */
static void own(void)
{
    struct visit v = {.keep = true, .expiry_s = 60};
    uint32_t from, to;
    struct bench *b = pair(bench_options(), &from, &to, v);
    tell(b, from, 1, 2, 0);
    expect(b, to, 1, false);
    expect(b, to, 2, false);
    CHECK(outbound_of(b) == &outbound_none);
    tell(b, from, 3, 3, 1);
    CHECK(outbound_of(b) != &outbound_none);
    uint16_t id = expect(b, to, 3, false);
    away(b, to, &v);
    CHECK(outbound_of(b) != &outbound_none);
    to = bench_enter(b, v);
    CHECK_EQ(expect(b, to, 3, true), id);
    bench_ack(b, to, PACKET_PUBACK, id, 0);
    away(b, to, &v);
    CHECK(outbound_of(b) == &outbound_none);
    to = bench_enter(b, v);
    tell(b, from, 4, 4, 1);
    CHECK_EQ(expect(b, to, 4, false), id + 1);
    CHECK_EQ(outbound_none.queue_count, 0);
    CHECK(list_empty(&outbound_none.queue));
    bench_free(b);
}

int main(void)
{
    RUN(window);
    RUN(refused_by_client);
    RUN(resumed_qos2);
    RUN(ids_wrap);
    RUN(ids_all);
    RUN(overflow);
    RUN(overflow_spares_sent);
    RUN(overflow_bytes);
    RUN(inflight_bytes);
    RUN(expired);
    RUN(too_large);
    RUN(qos0_queued);
    RUN(own);
    return check_result();
}
