/* group_test.c - members come and go, and each has its turn. */
#include "core/group.h"
#include "core/state.h"
#include "members.h"

/* Each message to one of them, in turn. [MQTT-4.8.2-3] */
static void in_turn(void)
{
    for (uint16_t count = 1; count <= 3; count += 2) {
        uint32_t from, members[MEMBERS];
        struct visit v = {0};
        struct bench *b =
            members_new(count, &from, members, v, bench_options());
        members_tell(b, from, 9);
        for (int i = 0; i < MEMBERS; i++)
            CHECK_EQ(member_took(b, members[i]), 3);
        bench_say(b, members[1], bench_unfilter(b, members[1], GROUP));
        EXPECT_UNSUBACK(b, members[1], 0);
        members_tell(b, from, 4);
        CHECK_EQ(member_took(b, members[0]), 2);
        CHECK_EQ(member_took(b, members[1]), 0);
        CHECK_EQ(member_took(b, members[2]), 2);
        bench_free(b);
    }
}

/* Two groups on one filter, and a subscription of one's own: a copy each. */
static void groups(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {0};
    struct bench *b = members_new(3, &from, members, v, bench_options());
    bench_want(b, members[0], "$share/other/t", 0);
    bench_want(b, members[0], "t", 0);
    members_tell(b, from, 3);
    CHECK_EQ(member_took(b, members[0]), 1 + 3 + 3);
    CHECK_EQ(member_took(b, members[1]) + member_took(b, members[2]), 2);
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
    CHECK_EQ(member_took(b, conns[0]) + member_took(b, conns[1]), 1);
    bench_free(b);
}

/* The last member takes the group with it. */
static void last_member(void)
{
    uint32_t from, members[MEMBERS];
    struct visit v = {0};
    struct bench *b = members_new(3, &from, members, v, bench_options());
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

/* `states` of so many members, of shard 0. */
static struct group made(struct member *members,
                         const enum member_state *states, uint32_t count)
{
    struct group group = {.members = members, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        members[i] =
            (struct member){.state = (uint8_t)states[i], .session = {i, 1}};
        group.counts[states[i]] += 1;
    }
    return group;
}

/* The slots of whose turn it is, one after the other, as digits. */
static const char *chosen(struct group *group, struct search search)
{
    static char text[16];
    size_t size = 0;
    const struct member *member;
    while ((member = group_choose(group, &search)) != NULL) {
        REQUIRE(size < sizeof text - 1);
        text[size++] = (char)('0' + member->session.slot);
    }
    text[size] = '\0';
    return text;
}

/* Who is free, then who is here, then who is away; each to let it wait once.
 */
static void free_here_away(void)
{
    static const enum member_state states[] = {MEMBER_AWAY, MEMBER_BUSY,
                                               MEMBER_FREE};
    struct member members[3];
    struct group group = made(members, states, 3);
    struct search search = {0};
    CHECK_EQ(group_choose(&group, &search)->session.slot, 2);
    CHECK(!search.wait && search.ready);
    group_refused(&group, &members[2]);
    CHECK_EQ(members[2].state, MEMBER_BUSY);
    CHECK_EQ(group.counts[MEMBER_FREE], 0);
    CHECK_STR(chosen(&group, search), "120");
}

/* Who is away cannot refuse: it stays what it is. */
static void refusals(void)
{
    static const enum member_state states[] = {MEMBER_AWAY, MEMBER_BUSY};
    struct member members[2];
    struct group group = made(members, states, 2);
    for (uint32_t i = 0; i < 2; i++) {
        group_refused(&group, &members[i]);
        CHECK_EQ(members[i].state, states[i]);
    }
}

/* When nobody is here, who gave it back keeps it. */
static void who_gave_it_back_keeps_it(void)
{
    static const enum member_state states[] = {MEMBER_AWAY, MEMBER_AWAY};
    struct member members[2];
    struct group group = made(members, states, 2);
    struct search search = {.session = {1, 1}};
    CHECK_EQ(group_choose(&group, &search)->session.slot, 1);
    struct session_ref gone = {7, 1};
    CHECK(group_find_member(&group, 0, gone) == NULL);
    CHECK(group_find_member(&group, 1, members[1].session) == NULL);
    CHECK(group_find_member(&group, 0, members[1].session) == &members[1]);
}

int main(void)
{
    RUN(in_turn);
    RUN(groups);
    RUN(second_waits_too);
    RUN(last_member);
    RUN(free_here_away);
    RUN(refusals);
    RUN(who_gave_it_back_keeps_it);
    return check_result();
}
