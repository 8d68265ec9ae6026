/* share_test.c - messages of shared subscriptions: who gets one, who gets it
 * back. */
#include "core/share.h"
#include "members.h"

/* What one leaves unacknowledged goes to others; what it had begun with QoS 2
 * stays its own. [MQTT-4.8.2-4] [MQTT-4.8.2-5] */
static void given_back(void)
{
    for (uint16_t count = 1; count <= 3; count += 2) {
        uint32_t from, members[MEMBERS];
        struct visit v = {.keep = true, .expiry_s = 60, .receive_max = 2};
        struct bench *b =
            members_new(count, &from, members, v, bench_options());
        members_tell(b, from, 9); /* two in flight at each, one queued */
        for (int i = 0; i < MEMBERS; i++)
            CHECK_EQ(member_took(b, members[i]), 2);
        bench_cut(b, members[0]);
        bench_cut(b, members[1]);
        EXPECT_QUIET(b, members[2]);
        int got = 2;
        for (uint16_t id = 1; id <= 9; id++) {
            bench_ack(b, members[2], PACKET_PUBACK, id, 0);
            got += member_took(b, members[2]);
        }
        CHECK_EQ(got, 9);
        members[0] = bench_enter(b, member_visit(b, 0, v));
        EXPECT_QUIET(b, members[0]);
        bench_free(b);
    }
}

static void qos2_stays(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {.keep = true, .expiry_s = 60};
    struct bench *b = members_new(3, &from, members, v, bench_options());
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
    uint32_t again = bench_enter(b, member_visit(b, who, v));
    CHECK(EXPECT_MESSAGE(b, again, "t", "x").dup);
    bench_free(b);
}

/* Nobody is there: it waits for who may come back; who does gets it. */
static void all_away(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {.keep = true, .expiry_s = 60};
    struct bench *b = members_new(3, &from, members, v, bench_options());
    for (int i = 0; i < MEMBERS; i++)
        bench_cut(b, members[i]);
    members_tell(b, from, 6);
    int got = 0;
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = bench_enter(b, member_visit(b, i, v));
        got += member_took(b, members[i]);
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
        struct bench *b = members_new(3, &from, members, v, options);
        for (int i = 0; i < MEMBERS; i++) {
            if (i == room) continue;
            bench_want(b, members[i], "full", 1);
            bench_cut(b, members[i]);
        }
        bench_cut(b, members[room]);
        bench_promise(b, from, "full", "x", 1, 1);
        EXPECT_ACK(b, from, PACKET_PUBACK, 1, 0);
        members_tell(b, from, 1);
        members[room] = bench_enter(b, member_visit(b, room, v));
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
    struct bench *b = members_new(3, &from, members, v, options);
    bench_cut(b, members[2]);
    members_tell(b, from,
                 5); /* one in flight and one queued each; the last is away */
    CHECK_EQ(member_took(b, members[0]), 1);
    CHECK_EQ(member_took(b, members[1]), 1);
    members[2] = bench_enter(b, member_visit(b, 2, v));
    CHECK_EQ(member_took(b, members[2]), 1);
    bench_free(b);
}

int main(void)
{
    RUN(given_back);
    RUN(qos2_stays);
    RUN(all_away);
    RUN(all_full_but_one);
    RUN(full_windows);
    return check_result();
}
