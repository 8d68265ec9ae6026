/* share_test.c - shared subscriptions: who gets it, who gets it back. */
#include "bench.h"
#include "core/share.h"
#include "core/state.h"

#define GROUP "$share/g/t"

enum { MEMBERS = 3 };

/* A publisher and members, each at another shard (if there are several). */
static struct bench *group(uint16_t count, uint32_t *from, uint32_t *members,
                           struct visit v, struct options options)
{
    static char ids[MEMBERS][16];
    struct bench *b = bench_new(count, options);
    *from = bench_enter(b, (struct visit){.id = "from"});
    for (int i = 0; i < MEMBERS; i++) {
        v.id = bench_id(b, (uint16_t)(i % count), 100 * i, ids[i]);
        members[i] = bench_enter(b, v);
        bench_want(b, members[i], GROUP, 1);
    }
    return b;
}

/* The visit of member `i`. */
static struct visit visit_of(const struct bench *b, int i, struct visit v)
{
    static char id[16];
    v.id = bench_id(b, (uint16_t)(i % b->count), 100 * i, id);
    return v;
}

/* How many PUBLISH it got. */
static int taken(struct bench *b, uint32_t conn)
{
    struct frame frame;
    int count = 0;
    while (bench_next(b, conn, &frame))
        count += frame.type == PACKET_PUBLISH;
    return count;
}

static void tell(struct bench *b, uint32_t from, int count)
{
    for (int i = 0; i < count; i++) {
        bench_promise(b, from, "t", "x", 1, 1);
        EXPECT_ACK(b, from, PACKET_PUBACK, 1, 0);
    }
}

/* Each message to one of them, in turn. [MQTT-4.8.2-3] */
static void in_turn(void)
{
    for (uint16_t count = 1; count <= 3; count += 2) {
        uint32_t from, members[MEMBERS];
        struct visit v = {0};
        struct bench *b = group(count, &from, members, v, bench_options());
        tell(b, from, 9);
        for (int i = 0; i < MEMBERS; i++)
            CHECK_EQ(taken(b, members[i]), 3);
        bench_say(b, members[1], bench_unfilter(b, members[1], GROUP));
        EXPECT_UNSUBACK(b, members[1], 0);
        tell(b, from, 4);
        CHECK_EQ(taken(b, members[0]), 2);
        CHECK_EQ(taken(b, members[1]), 0);
        CHECK_EQ(taken(b, members[2]), 2);
        bench_free(b);
    }
}

/* Two groups on one filter, and a subscription of one's own: a copy each. */
static void groups(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {0};
    struct bench *b = group(3, &from, members, v, bench_options());
    bench_want(b, members[0], "$share/other/t", 0);
    bench_want(b, members[0], "t", 0);
    tell(b, from, 3);
    CHECK_EQ(taken(b, members[0]), 1 + 3 + 3);
    CHECK_EQ(taken(b, members[1]) + taken(b, members[2]), 2);
    bench_free(b);
}

/* What one leaves unacknowledged goes to others; what it had begun with QoS 2
 * stays its own. [MQTT-4.8.2-4] [MQTT-4.8.2-5] */
static void given_back(void)
{
    for (uint16_t count = 1; count <= 3; count += 2) {
        uint32_t from, members[MEMBERS];
        struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 2};
        struct bench *b = group(count, &from, members, v, bench_options());
        tell(b, from, 9); /* two in flight at each, one queued */
        for (int i = 0; i < MEMBERS; i++)
            CHECK_EQ(taken(b, members[i]), 2);
        bench_cut(b, members[0]);
        bench_cut(b, members[1]);
        EXPECT_QUIET(b, members[2]);
        int got = 2;
        for (uint16_t id = 1; id <= 9; id++) {
            bench_ack(b, members[2], PACKET_PUBACK, id, 0);
            got += taken(b, members[2]);
        }
        CHECK_EQ(got, 9);
        members[0] = bench_enter(b, visit_of(b, 0, v));
        EXPECT_QUIET(b, members[0]);
        bench_free(b);
    }
}

static void qos2_stays(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {.keep = true, .expiry_s = 60};
    struct bench *b = group(3, &from, members, v, bench_options());
    for (int i = 0; i < MEMBERS; i++)
        bench_want(b, members[i], GROUP, 2);
    bench_promise(b, from, "t", "x", 2, 1);
    EXPECT_ACK(b, from, PACKET_PUBREC, 1, 0);
    int who = 0;
    struct frame frame;
    while (!bench_next(b, members[who], &frame))
        who++;
    bench_cut(b, members[who]);
    for (int i = 0; i < MEMBERS; i++) {
        if (i != who) EXPECT_QUIET(b, members[i]);
    }
    uint32_t again = bench_enter(b, visit_of(b, who, v));
    CHECK(EXPECT_MESSAGE(b, again, "t", "x").dup);
    bench_free(b);
}

/* Nobody is there: it waits for who may come back; who does gets it. */
static void all_away(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {.keep = true, .expiry_s = 60};
    struct bench *b = group(3, &from, members, v, bench_options());
    for (int i = 0; i < MEMBERS; i++)
        bench_cut(b, members[i]);
    tell(b, from, 6);
    int got = 0;
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = bench_enter(b, visit_of(b, i, v));
        got += taken(b, members[i]);
    }
    CHECK_EQ(got, 6);
    bench_free(b);
}

/* A full queue passes the message on, to all that are left if need be. */
static void all_full_but_one(void)
{
    struct options options = bench_options();
    options.max_queued_messages = 1;
    for (int room = 0; room < MEMBERS; room++) {
        uint32_t from, members[MEMBERS];
        struct visit v = {.keep = true, .expiry_s = 60};
        struct bench *b = group(3, &from, members, v, options);
        for (int i = 0; i < MEMBERS; i++) {
            if (i == room) continue;
            bench_want(b, members[i], "full", 1);
            bench_cut(b, members[i]);
        }
        bench_cut(b, members[room]);
        bench_promise(b, from, "full", "x", 1, 1);
        EXPECT_ACK(b, from, PACKET_PUBACK, 1, 0);
        tell(b, from, 1);
        members[room] = bench_enter(b, visit_of(b, room, v));
        EXPECT_MESSAGE(b, members[room], "t", "x");
        bench_free(b);
    }
}

/* Connected ones come first, even if their windows are full. */
static void full_windows(void)
{
    struct options options = bench_options();
    options.max_queued_messages = 1;
    uint32_t from, members[MEMBERS];
    struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 1};
    struct bench *b = group(3, &from, members, v, options);
    bench_cut(b, members[2]);
    tell(b, from, 5); /* one in flight and one queued each; the last is away */
    CHECK_EQ(taken(b, members[0]), 1);
    CHECK_EQ(taken(b, members[1]), 1);
    members[2] = bench_enter(b, visit_of(b, 2, v));
    CHECK_EQ(taken(b, members[2]), 1);
    bench_free(b);
}

/* A second member's SUBACK waits, as the first one's, for a shard that has not
 * heard of the group yet. */
static void second_waits_too(void)
{
    struct bench *b = bench_new(3, bench_options());
    uint16_t home = shard_of(b->shards[0], bytes_of(GROUP));
    uint16_t other = (uint16_t)((home + 1) % 3);
    uint16_t slow = (uint16_t)((home + 2) % 3);
    char id[16];
    uint32_t conns[2];
    for (int i = 0; i < 2; i++) {
        struct visit v = {.id = bench_id(b, other, 100 * i, id), .at = other};
        conns[i] = bench_enter(b, v);
    }
    struct visit v = {.id = bench_id(b, slow, 0, id), .at = slow};
    uint32_t from = bench_enter(b, v);
    b->deaf[slow] = true;
    struct subscribe_filter f = {.filter = bytes_of(GROUP)};
    for (int i = 0; i < 2; i++)
        bench_say(b, conns[i], bench_filter(b, conns[i], f, 0));
    EXPECT_QUIET(b, conns[0]);
    EXPECT_QUIET(b, conns[1]);
    b->deaf[slow] = false;
    bench_settle(b);
    EXPECT_SUBACK(b, conns[0], 0);
    EXPECT_SUBACK(b, conns[1], 0);
    bench_tell(b, from, "t", "x");
    CHECK_EQ(taken(b, conns[0]) + taken(b, conns[1]), 1);
    bench_free(b);
}

/* The last member takes the group with it. */
static void last_member(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {0};
    struct bench *b = group(3, &from, members, v, bench_options());
    uint16_t home = shard_of(b->shards[0], bytes_of(GROUP));
    CHECK_EQ(b->shards[home]->groups.count, 1);
    for (int i = 0; i < MEMBERS; i++)
        bench_cut(b, members[i]);
    CHECK_EQ(b->shards[home]->groups.count, 0);
    CHECK_EQ(topics_filter_count(b->shards[home]->topics), 0);
    bench_promise(b, from, "t", "x", 1, 1);
    EXPECT_ACK(b, from, PACKET_PUBACK, 1, REASON_NO_MATCHING_SUBSCRIBERS);
    bench_free(b);
}

/* QoS and identifier are each member's own. */
static void options_of_member(void)
{
    struct bench *b = bench_new(3, bench_options());
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    uint32_t a = bench_enter(b, (struct visit){.id = "a"});
    struct subscribe_filter f = {
        .filter = bytes_of(GROUP), .qos = 0, .retain_as_published = true};
    bench_say(b, a, bench_filter(b, a, f, 42));
    EXPECT_SUBACK(b, a, 0);
    struct publish_out p = {.topic = bytes_of("t"),
                            .payload = bytes_of("x"),
                            .retain = true,
                            .qos = 1,
                            .packet_id = 1};
    bench_say(b, from, bench_publish(b, from, &p));
    struct publish got = EXPECT_MESSAGE(b, a, "t", "x");
    CHECK_EQ(got.qos, 0);
    CHECK(got.retain);
    CHECK_EQ(got.properties.subscription_id, 42);
    bench_free(b);
}

int main(void)
{
    RUN(in_turn);
    RUN(groups);
    RUN(given_back);
    RUN(qos2_stays);
    RUN(all_away);
    RUN(all_full_but_one);
    RUN(full_windows);
    RUN(second_waits_too);
    RUN(last_member);
    RUN(options_of_member);
    return check_result();
}
