/* subscribe_test.c - SUBSCRIBE and UNSUBSCRIBE, and what they are answered. */
#include "bench.h"
#include "core/bounds.h"
#include "core/state.h"
#include "core/subscribe.h"

/* SUBSCRIBE to several filters, QoS 0, 1, 2, 0, ... */
static void ask(struct bench *b, uint32_t conn, const char *const *filters)
{
    uint8_t space[1024];
    struct writer list = writer_at(space, sizeof space);
    for (int i = 0; filters[i] != NULL; i++) {
        struct subscribe_filter f = {.filter = bytes_of(filters[i]),
                                     .qos = (uint8_t)(i % 3)};
        subscribe_filter_write(&list, &f);
    }
    struct subscribe s = {.type = PACKET_SUBSCRIBE,
                          .packet_id = 3,
                          .filters = bench_written(&list)};
    struct writer w = bench_paper();
    subscribe_encode(&s, (enum protocol)b->conns[conn].protocol, &w);
    bench_say(b, conn, bench_written(&w));
}

/* SUBACK with these codes. */
static void codes(struct bench *b, uint32_t conn, const char *want, size_t size)
{
    struct frame frame = EXPECT(b, conn, PACKET_SUBACK);
    struct suback suback;
    REQUIRE(suback_decode(&frame, (enum protocol)b->conns[conn].protocol,
                          &suback) == OK);
    CHECK_EQ(suback.packet_id, 3);
    CHECK_BYTES(suback.codes.data, suback.codes.size, want, size);
}

/* A code for each filter, in their order. [MQTT-3.8.4-6] [MQTT-3.9.3-1] */
static void order(void)
{
    struct options options = bench_options();
    options.listener.max_qos = 1;
    options.max_topic_levels = 4;
    options.max_subscriptions = 4;
    struct bench *b = bench_new(3, options);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    static const char *const FILTERS[] = {
        "a", "b", "c", "a", "+/1/2/3/#", "$share/g/d", "e", "b", NULL};
    ask(b, a, FILTERS);
    codes(b, a, "\x00\x01\x01\x00\x97\x01\x97\x01", 8);
    struct visit old = {.id = "old", .protocol = MQTT_311};
    uint32_t c = bench_enter(b, old);
    ask(b, c, FILTERS);
    codes(b, c, "\x00\x01\x01\x00\x80\x01\x80\x01", 8);
    bench_free(b);
}

static void switched_off(void)
{
    struct options options = bench_options();
    options.wildcard_subscriptions = false;
    options.shared_subscriptions = false;
    struct bench *b = bench_new(1, options);
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    static const char *const FILTERS[] = {"a/+", "$share/g/t", "t", NULL};
    ask(b, a, FILTERS);
    codes(b, a, "\xa2\x9e\x02", 3);
    bench_free(b);
}

/* One bad filter, and nothing of the packet counts. */
static void bad_filter(void)
{
    static const char *const BAD[] = {"a/#/b",       "a+",        "$share//x",
                                      "$share/a+/x", "$share/g/", "$share/g"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct bench *b = bench_new(1, bench_options());
        uint32_t a = bench_enter(b, (struct visit){.id = "a"});
        const char *const filters[] = {"good", BAD[i], NULL};
        b->notes[NOTE_SUBSCRIBED] = 0;
        ask(b, a, filters);
        EXPECT(b, a, PACKET_DISCONNECT);
        EXPECT_CLOSED(b, a, 0);
        CHECK_EQ(b->notes[NOTE_SUBSCRIBED], 0);
        CHECK_EQ(b->shards[0]->stats.v[STAT_SUBSCRIPTIONS], 0);
        bench_free(b);
    }
}

/* The same filter again: the new options count, and there is one. A copy for
 * each filter only if so told. [MQTT-3.8.4-3] */
static void replaced(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct subscribe_filter f = {
        .filter = bytes_of("t"), .qos = 2, .no_local = true};
    bench_say(b, a, bench_filter(b, a, f, 4));
    EXPECT_SUBACK(b, a, 2);
    bench_tell(b, a, "t", "x");
    EXPECT_QUIET(b, a);
    f.no_local = false;
    f.qos = 0;
    bench_say(b, a, bench_filter(b, a, f, 5));
    EXPECT_SUBACK(b, a, 0);
    bench_promise(b, a, "t", "y", 1, 1);
    struct publish p = EXPECT_MESSAGE(b, a, "t", "y");
    CHECK_EQ(p.qos, 0);
    CHECK_EQ(p.properties.subscription_id, 5);
    CHECK_EQ(p.properties.subscription_id_count, 1);
    EXPECT_ACK(b, a, PACKET_PUBACK, 1, 0);
    f.filter = bytes_of("+");
    bench_say(b, a, bench_filter(b, a, f, 6));
    EXPECT_SUBACK(b, a, 0);
    bench_tell(b, a, "t", "z");
    p = EXPECT_MESSAGE(b, a, "t", "z");
    CHECK_EQ(p.properties.subscription_id_count, 2);
    EXPECT_QUIET(b, a);
    b->options.allow_duplicate_messages = true;
    bench_tell(b, a, "t", "w");
    EXPECT_MESSAGE(b, a, "t", "w");
    EXPECT_MESSAGE(b, a, "t", "w");
    EXPECT_QUIET(b, a);
    CHECK_EQ(b->shards[0]->stats.v[STAT_SUBSCRIPTIONS], 2);
    bench_free(b);
}

/* [MQTT-3.10.4-1] [MQTT-3.11.3-1] */
static void unsubscribe(void)
{
    struct bench *b = bench_new(3, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    bench_want(b, a, "t/+", 1);
    bench_want(b, a, "$share/g/t/+", 1);
    bench_say(b, a, bench_unfilter(b, a, "t/1"));
    EXPECT_UNSUBACK(b, a, REASON_NO_SUBSCRIPTION_EXISTED);
    bench_say(b, a, bench_unfilter(b, a, "$share/other/t/+"));
    EXPECT_UNSUBACK(b, a, REASON_NO_SUBSCRIPTION_EXISTED);
    bench_say(b, a, bench_unfilter(b, a, "$share/g/t/+"));
    EXPECT_UNSUBACK(b, a, 0);
    bench_say(b, a, bench_unfilter(b, a, "t/+"));
    EXPECT_UNSUBACK(b, a, 0);
    bench_tell(b, a, "t/1", "x");
    EXPECT_QUIET(b, a);
    struct visit old = {.id = "old", .protocol = MQTT_311};
    uint32_t c = bench_enter(b, old);
    bench_say(b, c, bench_unfilter(b, c, "never"));
    EXPECT(b, c, PACKET_UNSUBACK);
    bench_free(b);
}

/* Until SUBACK a new subscription gets nothing, an older one goes on. */
static void pending(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 0, 0, id)};
    uint32_t a = bench_enter(b, v);
    bench_want(b, a, "old", 0);
    v = (struct visit){.id = bench_id(b, 0, 100, id)};
    uint32_t other = bench_enter(b, v);
    b->deaf[2] = true;
    static const char *const FILTERS[] = {"new", "old", NULL};
    ask(b, a, FILTERS);
    bench_tell(b, other, "new", "lost");
    bench_tell(b, other, "old", "kept");
    EXPECT_MESSAGE(b, a, "old", "kept");
    EXPECT_QUIET(b, a);
    b->deaf[2] = false;
    bench_settle(b);
    codes(b, a, "\x00\x01", 2);
    bench_tell(b, other, "new", "x");
    EXPECT_MESSAGE(b, a, "new", "x");
    bench_free(b);
}

/* The connection ends before the answer: what was asked stands. */
static void dropped(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {
        .id = bench_id(b, 0, 0, id), .keep = true, .expiry_s = 60};
    uint32_t a = bench_enter(b, v);
    b->deaf[1] = true;
    static const char *const FILTERS[] = {"t", "u", NULL};
    ask(b, a, FILTERS);
    bench_cut(b, a);
    b->deaf[1] = false;
    bench_settle(b);
    uint32_t other = bench_enter(b, (struct visit){.id = "other"});
    bench_promise(b, other, "u", "x", 1, 1);
    EXPECT_ACK(b, other, PACKET_PUBACK, 1, 0);
    a = bench_enter(b, v);
    EXPECT_MESSAGE(b, a, "u", "x");
    bench_free(b);
}

/* Shared subscriptions of one client are looked for one by one, so there is a
 * bound to them. */
static void memberships_bounded(void)
{
    struct bench *b = bench_new(1, bench_options());
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    char filter[32];
    for (int i = 0; i < MEMBERSHIPS_MAX; i++) {
        snprintf(filter, sizeof filter, "$share/g/%d", i);
        bench_want(b, a, filter, 0);
    }
    struct subscribe_filter f = {.filter = bytes_of("$share/g/more")};
    bench_say(b, a, bench_filter(b, a, f, 0));
    EXPECT_SUBACK(b, a, REASON_QUOTA_EXCEEDED);
    bench_want(b, a, filter, 1);
    bench_want(b, a, "more", 0);
    bench_say(b, a, bench_unfilter(b, a, filter));
    EXPECT_UNSUBACK(b, a, 0);
    bench_want(b, a, "$share/g/more", 0);
    bench_free(b);
}

int main(void)
{
    RUN(order);
    RUN(switched_off);
    RUN(bad_filter);
    RUN(replaced);
    RUN(unsubscribe);
    RUN(pending);
    RUN(dropped);
    RUN(memberships_bounded);
    return check_result();
}
