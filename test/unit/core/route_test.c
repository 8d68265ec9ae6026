/* route_test.c - from one message to all who want it, on three shards. */
#include "bench.h"
#include "core/interest.h"
#include "core/retain.h"
#include "core/route.h"
#include "core/state.h"

/* A client at each of three shards. */
static struct bench *three(uint32_t conns[3])
{
    struct bench *b = bench_new(3, bench_options());
    for (uint16_t i = 0; i < 3; i++) {
        char id[16];
        struct visit v = {.id = bench_id(b, i, 0, id), .at = i};
        conns[i] = bench_enter(b, v);
    }
    return b;
}

/* A message goes once to each shard that wants it, and to no other. */
static void only_interested(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    bench_want(b, c[1], "t/+", 1);
    bench_want(b, c[1], "t/#", 1);
    b->posts = 0;
    bench_tell(b, c[0], "t/1", "x");
    CHECK_EQ(b->posts, 1);
    EXPECT_MESSAGE(b, c[1], "t/1", "x");
    EXPECT_QUIET(b, c[1]);
    bench_promise(b, c[0], "t/1", "y", 1, 1);
    CHECK_EQ(b->posts, 3); /* and DONE */
    EXPECT_ACK(b, c[0], PACKET_PUBACK, 1, 0);
    bench_tell(b, c[0], "u", "x");
    CHECK_EQ(b->posts, 3);
    bench_free(b);
}

/* The last one who wants a filter withdraws it. */
static void withdrawn(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    bench_want(b, c[1], "t", 0);
    bench_want(b, c[2], "t", 0);
    CHECK_EQ(interest_match(b->shards[0]->interest, bytes_of("t")), 6);
    bench_say(b, c[1], bench_unfilter(b, c[1], "t"));
    EXPECT_UNSUBACK(b, c[1], 0);
    CHECK_EQ(interest_match(b->shards[0]->interest, bytes_of("t")), 4);
    bench_leave(b, c[2], 0);
    CHECK_EQ(interest_match(b->shards[0]->interest, bytes_of("t")), 0);
    CHECK_EQ(interest_match(b->shards[1]->interest, bytes_of("t")), 0);
    bench_free(b);
}

/* That nobody here wants a topic that others want is found out once, and again
 * after each change. */
static void nobody_here(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    const struct topics *topics = b->shards[0]->topics;
    bench_want(b, c[1], "t", 0);
    bench_tell(b, c[0], "t", "1");
    uint64_t resolved = topics_resolved_count(topics);
    bench_tell(b, c[0], "t", "2");
    bench_tell(b, c[0], "t", "3");
    CHECK_EQ(topics_resolved_count(topics), resolved);
    bench_want(b, c[0], "t", 0);
    bench_tell(b, c[0], "t", "4");
    EXPECT_MESSAGE(b, c[0], "t", "4");
    bench_say(b, c[0], bench_unfilter(b, c[0], "t"));
    EXPECT_UNSUBACK(b, c[0], 0);
    bench_tell(b, c[0], "t", "5");
    bench_tell(b, c[0], "t", "6");
    EXPECT_QUIET(b, c[0]);
    bench_want(b, c[0], "+", 0);
    bench_tell(b, c[0], "t", "7");
    EXPECT_MESSAGE(b, c[0], "t", "7");
    for (char n = '1'; n <= '7'; n++) {
        char text[2] = {n, 0};
        EXPECT_MESSAGE(b, c[1], "t", text);
    }
    bench_free(b);
}

/* Nobody who publishes after somebody saw SUBACK is missed: it waits for the
 * slowest shard. */
static void suback_waits(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    b->deaf[2] = true;
    struct subscribe_filter f = {.filter = bytes_of("t")};
    bench_say(b, c[1], bench_filter(b, c[1], f, 0));
    bench_tell(b, c[0], "t", "early");
    EXPECT_QUIET(b, c[1]);
    b->deaf[2] = false;
    bench_settle(b);
    EXPECT_SUBACK(b, c[1], 0);
    bench_tell(b, c[2], "t", "x");
    EXPECT_MESSAGE(b, c[1], "t", "x");
    EXPECT_QUIET(b, c[1]);
    bench_free(b);
}

/* [MQTT-4.6.0-5] */
static void order(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    for (int i = 0; i < 3; i++)
        bench_want(b, c[i], "t", 1);
    b->deaf[1] = true;
    for (int n = 0; n < 10; n++) {
        char text[2] = {(char)('0' + n), 0};
        bench_promise(b, c[0], "t", text, 1, (uint16_t)(n + 1));
    }
    b->deaf[1] = false;
    bench_settle(b);
    for (int i = 0; i < 3; i++) {
        int n = 0;
        struct frame frame;
        while (bench_next(b, c[i], &frame)) {
            if (frame.type == PACKET_PUBACK) continue;
            struct publish p;
            REQUIRE(publish_decode(&frame, MQTT_50, &p) == OK);
            CHECK_EQ(p.payload.data[0], '0' + n);
            n++;
        }
        CHECK_EQ(n, 10);
    }
    bench_free(b);
}

/* One shard keeps the retained message of a topic, whoever published it; PUBACK
 * waits for it too. [MQTT-3.3.1-5] [MQTT-3.3.1-6] */
static void retained(void)
{
    uint32_t c[3];
    struct bench *b = three(c);
    static const char *const TOPICS[] = {"a", "b", "c", "d", "e", "f"};
    for (int i = 0; i < 6; i++) {
        struct bytes topic = bytes_of(TOPICS[i]);
        uint16_t keeper = shard_of(b->shards[0], topic);
        struct publish_out p = {.topic = topic,
                                .payload = bytes_of("x"),
                                .retain = true,
                                .qos = 1,
                                .packet_id = 1};
        b->deaf[keeper] = true;
        uint32_t from = c[i % 3];
        bench_say(b, from, bench_publish(b, from, &p));
        if (keeper != i % 3) EXPECT_QUIET(b, from);
        b->deaf[keeper] = false;
        bench_settle(b);
        EXPECT_ACK(b, from, PACKET_PUBACK, 1, REASON_NO_MATCHING_SUBSCRIBERS);
        for (uint16_t s = 0; s < 3; s++) {
            bool there = retain_get(b->shards[s]->retain, topic) != NULL;
            CHECK_EQ(there, s == keeper);
        }
        bench_retain(b, c[(i + 1) % 3], TOPICS[i], "");
        CHECK(retain_get(b->shards[keeper]->retain, topic) == NULL);
    }
    bench_free(b);
}

/* A retained message over the limit is delivered, but not kept. */
static void retained_limit(void)
{
    struct options options = bench_options();
    options.retained_limit = 1;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_want(b, a, "#", 0);
    bench_retain(b, a, "1", "x");
    bench_retain(b, a, "2", "x");
    bench_retain(b, a, "1", "y");
    EXPECT_MESSAGE(b, a, "1", "x");
    EXPECT_MESSAGE(b, a, "2", "x");
    EXPECT_MESSAGE(b, a, "1", "y");
    CHECK_EQ(b->notes[NOTE_DROPPED], 1);
    CHECK_EQ(retain_count(b->shards[0]->retain), 1);
    bench_free(b);
}

/* A retained topic of too many levels is not kept: each of its levels takes
 * memory, and a name has room for 65,535. */
static void retained_levels(void)
{
    struct options options = bench_options();
    options.max_topic_levels = 3;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_retain(b, a, "a/b/c", "x");
    bench_retain(b, a, "a/b/c/d", "x");
    CHECK_EQ(retain_count(b->shards[0]->retain), 1);
    CHECK_EQ(b->notes[NOTE_DROPPED], 1);
    bench_want(b, a, "a/b/c/d", 0);
    bench_tell(b, a, "a/b/c/d", "live");
    EXPECT_MESSAGE(b, a, "a/b/c/d", "live");
    bench_free(b);
}

/* No-local is the publisher's own; upgrade sends at the subscription's QoS. */
static void terms(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    uint32_t c = bench_enter(b, (struct visit){.id = "c"});
    struct subscribe_filter f = {.filter = bytes_of("t"), .no_local = true};
    bench_say(b, a, bench_filter(b, a, f, 0));
    EXPECT_SUBACK(b, a, 0);
    bench_want(b, c, "t", 2);
    bench_tell(b, a, "t", "x");
    EXPECT_QUIET(b, a);
    CHECK_EQ(EXPECT_MESSAGE(b, c, "t", "x").qos, 0);
    b->options.upgrade_outgoing_qos = true;
    bench_tell(b, c, "t", "y");
    EXPECT_MESSAGE(b, a, "t", "y");
    CHECK_EQ(EXPECT_MESSAGE(b, c, "t", "y").qos, 2);
    bench_free(b);
}

int main(void)
{
    RUN(only_interested);
    RUN(withdrawn);
    RUN(nobody_here);
    RUN(suback_waits);
    RUN(order);
    RUN(retained);
    RUN(retained_limit);
    RUN(retained_levels);
    RUN(terms);
    return check_result();
}
