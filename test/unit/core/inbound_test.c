/* inbound_test.c - what a client published, until it knows that we have it. */
#include "bench.h"
#include "core/inbound.h"
#include "core/state.h"

/* Three shards with a receiver of "far" on shard 2, and a publisher on 0. */
static struct bench *far(uint32_t *from, uint32_t *to, struct options options,
                         struct visit v)
{
    static char id[16], far_id[16];
    struct bench *b = bench_new(3, options);
    struct visit receiver = {.id = bench_id(b, 2, 0, far_id), .at = 2};
    *to = bench_enter(b, receiver);
    bench_want(b, *to, "far", 2);
    v.id = bench_id(b, 0, 0, id);
    *from = bench_enter(b, v);
    return b;
}

/* Acknowledgements leave in the order of the publishes. [MQTT-4.6.0-2] */
static void order(void)
{
    uint32_t from, to;
    struct visit v = {0};
    struct bench *b = far(&from, &to, bench_options(), v);
    b->deaf[2] = true;
    bench_promise(b, from, "far", "x", 1, 1);
    bench_promise(b, from, "near", "x", 1, 2);
    bench_promise(b, from, "near", "x", 2, 3);
    bench_promise(b, from, "far", "x", 2, 4);
    bench_ack(b, from, PACKET_PUBREL, 3, 0);
    EXPECT_QUIET(b, from);
    b->deaf[2] = false;
    bench_settle(b);
    EXPECT_ACK(b, from, PACKET_PUBACK, 1, 0);
    EXPECT_ACK(b, from, PACKET_PUBACK, 2, REASON_NO_MATCHING_SUBSCRIBERS);
    EXPECT_ACK(b, from, PACKET_PUBREC, 3, 0);
    EXPECT_ACK(b, from, PACKET_PUBREC, 4, 0);
    EXPECT_ACK(b, from, PACKET_PUBCOMP, 3, 0);
    EXPECT_QUIET(b, from);
    bench_free(b);
}

/* Who sends as much as it may is never punished for our being slow; who sends
 * more than that is. [MQTT-3.3.4-7] */
static void receive_maximum(void)
{
    uint32_t from, to;
    struct options options = bench_options();
    options.receive_maximum = 3;
    struct visit v = {0};
    struct bench *b = far(&from, &to, options, v);
    b->deaf[2] = true;
    for (uint16_t i = 1; i <= 5; i++)
        bench_promise(b, from, "far", "x", 1, i);
    CHECK(b->conns[from].paused);
    EXPECT_QUIET(b, from);
    b->deaf[2] = false;
    bench_settle(b);
    for (uint16_t i = 1; i <= 5; i++)
        EXPECT_ACK(b, from, PACKET_PUBACK, i, 0);
    for (uint16_t i = 1; i <= 3; i++) {
        bench_promise(b, from, "far", "x", 2, i);
        EXPECT_ACK(b, from, PACKET_PUBREC, i, 0);
    }
    bench_promise(b, from, "far", "x", 2, 3);
    EXPECT_ACK(b, from, PACKET_PUBREC, 3, 0);
    bench_promise(b, from, "near", "x", 1, 4);
    EXPECT_CLOSED(b, from, REASON_RECEIVE_MAX_EXCEEDED);
    bench_free(b);
}

/* Each connection begins with the whole quota, whatever was under way before.
 * MQTT 5.0, 4.9 */
static void quota_anew(void)
{
    struct options options = bench_options();
    options.receive_maximum = 2;
    struct bench *b = bench_new(1, options);
    struct visit v = {.id = "a", .keep = true, .expiry_s = 60};
    uint32_t a = bench_enter(b, v);
    bench_promise(b, a, "t", "x", 2, 1);
    bench_promise(b, a, "t", "x", 2, 2);
    EXPECT_ACK(b, a, PACKET_PUBREC, 1, 0);
    EXPECT_ACK(b, a, PACKET_PUBREC, 2, 0);
    bench_cut(b, a);
    a = bench_enter(b, v);
    bench_promise(b, a, "t", "x", 1, 3);
    EXPECT_ACK(b, a, PACKET_PUBACK, 3, REASON_NO_MATCHING_SUBSCRIBERS);
    bench_promise(b, a, "t", "x", 2, 4);
    EXPECT_ACK(b, a, PACKET_PUBREC, 4, 0);
    bench_ack(b, a, PACKET_PUBREL, 1, 0);
    EXPECT_ACK(b, a, PACKET_PUBCOMP, 1, 0);
    bench_promise(b, a, "t", "x", 2, 5);
    EXPECT_ACK(b, a, PACKET_PUBREC, 5, 0);
    bench_promise(b, a, "t", "x", 2, 6);
    EXPECT_ACK(b, a, PACKET_PUBREC, 6, 0);
    bench_promise(b, a, "t", "x", 2, 7);
    EXPECT_CLOSED(b, a, REASON_RECEIVE_MAX_EXCEEDED);
    bench_free(b);
}

/* A 3.x client knows no maximum; it is read no further than we can answer. */
static void pending_bound(void)
{
    uint32_t from, to;
    struct visit v = {.protocol = MQTT_311};
    struct bench *b = far(&from, &to, bench_options(), v);
    b->deaf[2] = true;
    for (uint32_t i = 1; i <= INBOUND_PENDING_MAX; i++) {
        CHECK(!b->conns[from].paused);
        bench_promise(b, from, "far", "x", 1, (uint16_t)i);
    }
    bench_promise(b, from, "far", "x", 1, 2000);
    CHECK(b->conns[from].paused);
    b->deaf[2] = false;
    bench_settle(b);
    for (uint32_t i = 1; i <= INBOUND_PENDING_MAX; i++)
        EXPECT_ACK(b, from, PACKET_PUBACK, (uint16_t)i, 0);
    EXPECT_ACK(b, from, PACKET_PUBACK, 2000, 0);
    CHECK(!b->conns[from].paused);
    bench_free(b);
}

/* What was owed to a connection that is gone is not said to the next; a QoS 2
 * PUBLISH that comes again is answered when the first one is, and once. */
static void resumed(void)
{
    uint32_t from, to;
    struct visit v = {.keep = true, .expiry_s = 60};
    struct bench *b = far(&from, &to, bench_options(), v);
    char id[16];
    v.id = bench_id(b, 0, 0, id);
    b->deaf[2] = true;
    bench_promise(b, from, "far", "1", 1, 1);
    bench_promise(b, from, "far", "2", 2, 2);
    bench_promise(b, from, "far", "3", 2, 3);
    bench_cut(b, from);
    from = bench_knock(b, v);
    CHECK(EXPECT_CONNACK(b, from, 0).session_present);
    bench_promise(b, from, "far", "2", 2, 2);
    EXPECT_QUIET(b, from);
    b->deaf[2] = false;
    bench_settle(b);
    EXPECT_ACK(b, from, PACKET_PUBREC, 2, 0);
    EXPECT_QUIET(b, from);
    EXPECT_MESSAGE(b, to, "far", "1");
    EXPECT_MESSAGE(b, to, "far", "2");
    EXPECT_MESSAGE(b, to, "far", "3");
    EXPECT_QUIET(b, to);
    bench_free(b);
}

/* A refused QoS 2 message ends with its PUBREC, and its id is free. */
static void refused(void)
{
    struct options options = bench_options();
    options.message_size_limit = 2;
    options.receive_maximum = 1;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    for (int i = 0; i < 3; i++) {
        bench_promise(b, a, "t", "too long", 2, 1);
        EXPECT_ACK(b, a, PACKET_PUBREC, 1, REASON_QUOTA_EXCEEDED);
    }
    bench_promise(b, a, "t", "ok", 2, 1);
    EXPECT_ACK(b, a, PACKET_PUBREC, 1, 0);
    bench_free(b);
}

int main(void)
{
    RUN(order);
    RUN(receive_maximum);
    RUN(quota_anew);
    RUN(pending_bound);
    RUN(resumed);
    RUN(refused);
    return check_result();
}
