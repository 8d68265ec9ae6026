/* join_test.c - waiting for the answers of other shards. */
#include "bench.h"
#include "core/join.h"
#include "core/state.h"

/* A shard in the middle of a step, for calling the unit itself. */
static struct shard *step_begin(struct bench *b)
{
    b->shards[0]->out = &b->actions;
    return b->shards[0];
}

static void slots(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = step_begin(b);
    struct join_ref nothing = {0}, refs[200];
    int owner;
    CHECK(join_find(shard, nothing) == NULL);
    for (int i = 0; i < 200; i++) {
        refs[i] = join_new(shard, JOIN_RECALL, &owner);
        REQUIRE(join_find(shard, refs[i]) != NULL);
        CHECK_EQ(join_find(shard, refs[i])->waiting, 0);
    }
    for (int i = 0; i < 200; i++)
        CHECK(join_find(shard, refs[i])->owner == &owner);
    join_free(shard, refs[3]);
    join_free(shard, refs[3]);
    CHECK(join_find(shard, refs[3]) == NULL);
    struct join_ref again = join_new(shard, JOIN_RECALL, &owner);
    CHECK_EQ(again.slot, refs[3].slot);
    CHECK(join_find(shard, refs[3]) == NULL);
    struct join_ref elsewhere = again;
    elsewhere.shard = 1;
    CHECK(join_find(shard, elsewhere) == NULL);
    bench_free(b);
}

/* What is of another shard goes there, in this order. */
static void elsewhere(void)
{
    struct bench *b = bench_new(2, bench_options());
    struct shard *shard = step_begin(b);
    struct join_ref ref = {5, 77, 1}, nothing = {0};
    join_expect(shard, ref);
    join_answer(shard, ref, 3, ERR_QUOTA);
    join_expect(shard, nothing);
    join_answer(shard, nothing, 3, OK);
    REQUIRE(b->actions.post_count == 2);
    const struct post *posts = b->actions.posts;
    CHECK_EQ(posts[0].kind, POST_EXPECT);
    CHECK_EQ(posts[1].kind, POST_DONE);
    CHECK_EQ(posts[1].count, 3);
    CHECK_EQ(posts[1].reason, ERR_QUOTA);
    CHECK_EQ(posts[1].join.slot, 5);
    CHECK_EQ(posts[1].join.generation, 77);
    actions_clear(&b->actions);
    bench_free(b);
}

/* PUBACK leaves when the last of two other shards has answered. */
static void all_must_answer(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    uint32_t receivers[2];
    for (uint16_t i = 1; i < 3; i++) {
        struct visit v = {.id = bench_id(b, i, 0, id), .at = i};
        receivers[i - 1] = bench_enter(b, v);
        bench_want(b, receivers[i - 1], "t", 1);
    }
    struct visit v = {.id = bench_id(b, 0, 0, id)};
    uint32_t publisher = bench_enter(b, v);
    b->deaf[2] = true;
    bench_promise(b, publisher, "t", "x", 1, 5);
    EXPECT_MESSAGE(b, receivers[0], "t", "x");
    EXPECT_QUIET(b, publisher);
    b->deaf[2] = false;
    bench_settle(b);
    EXPECT_MESSAGE(b, receivers[1], "t", "x");
    EXPECT_ACK(b, publisher, PACKET_PUBACK, 5, 0);
    bench_free(b);
}

/* An answer to somebody who has gone falls on the floor. */
static void nobody_waits(void)
{
    struct bench *b = bench_new(3, bench_options());
    char id[16];
    struct visit v = {.id = bench_id(b, 1, 0, id), .at = 1};
    uint32_t receiver = bench_enter(b, v);
    bench_want(b, receiver, "t", 1);
    v = (struct visit){.id = bench_id(b, 0, 0, id)};
    uint32_t publisher = bench_enter(b, v);
    b->deaf[0] = true;
    bench_promise(b, publisher, "t", "x", 1, 5);
    bench_cut(b, publisher);
    uint32_t again = bench_enter(b, v);
    bench_promise(b, again, "u", "y", 1, 5);
    EXPECT_ACK(b, again, PACKET_PUBACK, 5, REASON_NO_MATCHING_SUBSCRIBERS);
    b->deaf[0] = false;
    bench_settle(b);
    EXPECT_QUIET(b, again);
    bench_free(b);
}

int main(void)
{
    RUN(slots);
    RUN(elsewhere);
    RUN(all_must_answer);
    RUN(nobody_waits);
    return check_result();
}
