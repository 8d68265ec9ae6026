/* gate_test.c - nothing leaves before its batch is on disk. */
#include "bench.h"
#include "core/gate.h"
#include "core/state.h"

static struct shard *step_begin(struct bench *b)
{
    b->shards[0]->out = &b->actions;
    return b->shards[0];
}

static void since(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = step_begin(b);
    b->actions.batch = 4;
    CHECK_EQ(gate_since(shard, 0), 0);
    struct conn_id nobody = {0};
    actions_add(&b->actions, ACTION_PUT, nobody);
    CHECK_EQ(gate_since(shard, 0), 4);
    CHECK_EQ(gate_since(shard, 1), 0);
    actions_add(&b->actions, ACTION_DEL, nobody);
    CHECK_EQ(gate_since(shard, 1), 4);
    CHECK(gate_open(shard, 0));
    CHECK(!gate_open(shard, 4));
    gate_committed(shard, 4);
    CHECK(gate_open(shard, 4) && !gate_open(shard, 5));
    actions_clear(&b->actions);
    bench_free(b);
}

/* Answers to another shard leave in order, when their batches are there. */
static void order(void)
{
    struct bench *b = bench_new(2, bench_options());
    struct shard *shard = step_begin(b);
    struct join_ref ref = {0, 1, 1}, nothing = {0};
    gate_answer(shard, 0, ref, 10);
    CHECK_EQ(b->actions.post_count, 1);
    gate_answer(shard, 1, ref, 11);
    gate_answer(shard, 1, nothing, 0);
    gate_answer(shard, 2, ref, 12);
    gate_answer(shard, 3, ref, 13);
    CHECK_EQ(b->actions.post_count, 1);
    gate_committed(shard, 2);
    REQUIRE(b->actions.post_count == 3);
    CHECK_EQ(b->actions.posts[1].count, 11);
    CHECK_EQ(b->actions.posts[2].count, 12);
    gate_answer(shard, 2, ref, 14);
    REQUIRE(b->actions.post_count == 4);
    gate_committed(shard, 7);
    REQUIRE(b->actions.post_count == 5);
    CHECK_EQ(b->actions.posts[4].count, 13);
    actions_clear(&b->actions);
    bench_free(b);
}

/* What waits for somebody who is no more is forgotten. */
static void nobody(void)
{
    struct bench *b = bench_new(1, bench_options());
    struct shard *shard = step_begin(b);
    struct session_ref gone = {3, 9};
    gate_delivery(shard, 1, gone, 5);
    gate_session(shard, 1, gone);
    gate_session(shard, 0, gone);
    gate_committed(shard, 1);
    CHECK(list_empty(&shard->gate.waiting));
    gate_session(shard, 2, gone); /* for gate_fini */
    bench_free(b);
}

static struct bench *disk(void)
{
    struct options options = bench_options();
    options.persistence = true;
    struct bench *b = bench_new(1, options);
    b->hold_commits = true;
    return b;
}

static void written(struct bench *b)
{
    b->hold_commits = false;
    bench_settle(b);
    b->hold_commits = true;
}

/* SUBACK waits for the disk, and what the client said behind it may be its
 * last word: nothing of it may be touched then. */
static void ended_by_its_input(void)
{
    struct bench *b = disk();
    struct visit v = {.id = "a", .keep = true, .expiry_s = 100};
    uint32_t a = bench_enter(b, v);
    struct subscribe_filter filter = {.filter = bytes_of("t")};
    bench_say(b, a, bench_filter(b, a, filter, 0));
    EXPECT_QUIET(b, a);
    /* DISCONNECT with session expiry 0. */
    bench_say(b, a, bytes_at("\xe0\x07\x00\x05\x11\0\0\0\0", 9));
    EXPECT_QUIET(b, a);
    written(b);
    EXPECT_SUBACK(b, a, 0);
    EXPECT_CLOSED(b, a, 0);
    CHECK_EQ(b->shards[0]->stats.v[STAT_CLIENTS], 0);
    bench_free(b);
}

/* A QoS 2 PUBLISH that waits for the disk is sent once, though its client came
 * back meanwhile. [MQTT-4.4.0-1] */
static void sent_once(void)
{
    struct bench *b = disk();
    struct visit v = {.id = "a", .keep = true, .expiry_s = 100};
    uint32_t a = bench_enter(b, v);
    struct subscribe_filter filter = {.filter = bytes_of("t"), .qos = 2};
    bench_say(b, a, bench_filter(b, a, filter, 0));
    written(b);
    EXPECT_SUBACK(b, a, 2);
    uint32_t from = bench_enter(b, (struct visit){.id = "from"});
    bench_promise(b, from, "t", "x", 2, 1);
    EXPECT_QUIET(b, from);
    EXPECT_QUIET(b, a);
    bench_cut(b, a);
    a = bench_enter(b, v);
    written(b);
    EXPECT_ACK(b, from, PACKET_PUBREC, 1, 0);
    uint16_t id = EXPECT_MESSAGE(b, a, "t", "x").packet_id;
    EXPECT_QUIET(b, a);
    bench_ack(b, a, PACKET_PUBREC, id, 0);
    bench_ack(b, a, PACKET_PUBREC, id, 0);
    EXPECT_QUIET(b, a);
    written(b);
    EXPECT_ACK(b, a, PACKET_PUBREL, id, 0);
    EXPECT_QUIET(b, a);
    bench_free(b);
}

int main(void)
{
    RUN(ended_by_its_input);
    RUN(sent_once);
    RUN(since);
    RUN(order);
    RUN(nobody);
    return check_result();
}
